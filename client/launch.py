"""Start the server that is bundled with the extension: `python -I -S launch.py server`.

The bundled libraries come first on `sys.path`, so that none of the same name in the interpreter's environment is ever
imported in their place. This file must compile under any Python, to be able to say which one is needed.
"""

import os
import sys

if sys.version_info < (3, 10):
    sys.exit("tooearly: Python 3.10 or newer is needed, this is " + sys.version.split()[0])

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "libs"))

from tooearly.cli import main

sys.exit(main())
