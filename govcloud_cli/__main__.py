"""`python -m govcloud_cli`."""

from govcloud_cli import main

if __name__ == "__main__":
    main.main()
