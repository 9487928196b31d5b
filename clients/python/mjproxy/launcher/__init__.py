"""Starts the parts of mjproxy: each singly, or all of them supervised as `mjproxy up`.

A part is a module registered under the entry point group `mjproxy.parts`; the launcher imports none statically
(`parts`). The way of `mjproxy up`, from the outside in:

- `up` and `commands`: the click commands, with `options` and `flags`.
- `configuration`: file, environment and flags become the parts' settings. `origins` knows which said what, `problems`
  words what is refused, and `toml` prints what is in force.
- `plan`: what `up` starts and with what, as a `launch` for each part; `simulated` makes the simulator's accounts the
  server's.
- `supervisor`: keeps one part running by the policy in `restarts`, through the process in `child`.
- `part_process`: the other end, inside a part's own process; `lifeline` ends it with its supervisor.
"""
