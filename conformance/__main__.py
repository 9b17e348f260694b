"""`python -m conformance` is `lg-conformance`."""

import sys

from conformance.cli import main

sys.exit(main())
