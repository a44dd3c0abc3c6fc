import os
import sys
import sysconfig


def program() -> str:
    """The path of the ossvec program that this package has installed."""
    name = "ossvec" + (sysconfig.get_config_var("EXE") or (".exe" if os.name == "nt" else ""))
    places = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", _user_scheme()), *_beside_this_package()]
    for place in places:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"{name} is in none of {', '.join(places)}; install ossvec again")


def _user_scheme() -> str:
    """Where `pip install --user` puts scripts."""
    return sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else f"{os.name}_user"


def _beside_this_package() -> list[str]:
    """Where `pip install --target` and `--prefix` put scripts, seen from this package."""
    packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    above = os.path.dirname(os.path.dirname(os.path.dirname(packages)))
    return [os.path.join(packages, "bin"), os.path.join(above, "bin"), os.path.join(above, "Scripts")]
