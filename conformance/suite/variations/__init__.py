"""Conforming variations: what a server may do within the standards, although no official server does it.

No outcome may change on any of them, neither on recordings nor live through the fault proxy.  The exceptions are the
requirements of the area `clients` that `unsafe` names: no standard forbids the variation, but some official client
cannot cope with it.  Sources: the event-stream standard, RFC 9110, RFC 8259, and the implementation-defined behaviour
of the catalogue.
"""
