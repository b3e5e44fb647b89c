"""Untrusted templates: `folder` reads them, the `client` starts a process, and the `worker` prints them in it."""
