"""Templates of a reader's own: `folder` reads them, `inside` prints them in another process, `outside` starts it."""
