"""`python -m mjproxy` is the `mjproxy` command."""

from mjproxy.cli import main

if __name__ == "__main__":
    main(prog_name="mjproxy")
