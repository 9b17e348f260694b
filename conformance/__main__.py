"""Makes `python -m conformance` the same command as `lg-conformance`."""

import sys

from conformance.cli import main

sys.exit(main())
