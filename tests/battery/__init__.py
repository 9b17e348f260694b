"""The battery: incomplete servers, each with the requirements that it breaks, written down beforehand."""
