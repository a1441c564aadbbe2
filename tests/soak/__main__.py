"""`python -m tests.soak`, which scripts/soak runs."""

import argparse
import sys

from tests.soak import office

parser = argparse.ArgumentParser(prog="scripts/soak", description=office.__doc__)
parser.add_argument("--minutes", type=float, default=5.0)
sys.exit(office.main(parser.parse_args().minutes))
