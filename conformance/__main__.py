"""`python -m conformance` is `lg-conformance`."""

import sys

from .cli import main

sys.exit(main())
