"""Callbacks: tells hooks what becomes of tasks.

The server keeps the outbox and decides what is told next, and when; the shim leases what is due, posts it, and reports
what became of it. It keeps nothing: what was not reported when its lease ends is offered again, to any shim. Read it
from `sender` (leases) and `reporter` over `poster` (makes one attempt) to `message` (what is posted), `results` (what
an answer means), and `transport` with `addresses` (where it may go).
"""
