"""``python -m boot`` is the ``cityops`` command."""

from boot.cli import main

if __name__ == "__main__":
    main()
