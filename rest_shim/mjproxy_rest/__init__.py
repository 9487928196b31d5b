"""The REST shim: the /mj JSON API of midjourney-proxy and midjourney-proxy-plus, translated onto `mjproxy.v1`.

The shim decides nothing: it translates a body into a request, the server's answer back into JSON, and serves reads from
a cache that a watch keeps fresh. Read it from `routes` (what is served) over `handlers` to `requests` (JSON becomes a
request) and `responses`, `tasks` (an answer becomes JSON). `callbacks` posts what becomes of tasks to those who asked
for it. All of that is put together in `server`; `part` is how it is run, by default in several processes (`workers`).
"""
