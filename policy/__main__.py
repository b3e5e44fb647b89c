"""`python -m policy` is `policy`."""

from policy.cli import main

if __name__ == "__main__":
    main()
