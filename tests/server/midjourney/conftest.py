import sys
from pathlib import Path

# Test folders are no packages; this makes the helpers beside this file importable.
sys.path.insert(0, str(Path(__file__).parent))
