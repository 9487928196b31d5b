"""The benchmarks: each row runs ours and its limit in turn in one run; `python -m bench --help` says how."""
