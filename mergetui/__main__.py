"""No arguments: the console. A command: the command line."""

import sys


def main() -> None:
    """Entry point of the `mergetui` command."""
    from mergetui.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
