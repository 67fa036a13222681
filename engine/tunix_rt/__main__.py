"""`python -m tunix_rt` is `tunix-rt`."""

from tunix_rt.cli import main

if __name__ == "__main__":
    main()
