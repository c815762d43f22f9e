"""What reads as the API and will not run on the embedded engine: markets that
it does not serve, and the network, which its sandbox does not have."""

import ast

from .check_files import WARNING
from .names import snake

_OPTIONS = "options are not served by the embedded engine yet: this call fails when it runs"
_FUTURES = "futures are not served by the embedded engine yet: this call fails when it runs"
_NETWORK = "there is no network inside the embedded engine: put the data into a file of the project"
_CALLS = {
    "add_option": _OPTIONS, "add_option_contract": _OPTIONS, "add_index_option": _OPTIONS, "add_index_option_contract": _OPTIONS,
    "add_future": _FUTURES, "add_future_contract": _FUTURES, "add_crypto_future": _FUTURES, "add_future_option": _OPTIONS, "add_future_option_contract": _OPTIONS,
    "option_chain": _OPTIONS, "option_chains": _OPTIONS, "futures_chain": _FUTURES, "futures_chains": _FUTURES, "download": _NETWORK,
}
# Modules whose only use is the network.
_MODULES = {"requests", "urllib3", "httpx", "aiohttp", "websocket", "websockets", "socket", "ssl", "ftplib", "smtplib", "http.client", "urllib.request"}


def engine_warnings(files, problems):
    """Adds a warning for each such place of the parsed files to problems."""
    for file in files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                words = _CALLS.get(snake(node.func.attr))
                if words and (words is not _NETWORK or node.func.value.id == "self"):
                    problems.tell(file, node.func, WARNING, f"{node.func.attr}: {words}")
            elif isinstance(node, ast.Import):
                for a in node.names:
                    _module(file, node, a.name, problems)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                _module(file, node, node.module, problems)
                for a in node.names:
                    _module(file, node, f"{node.module}.{a.name}", problems)
            elif isinstance(node, ast.Attribute) and snake(node.attr).upper() == "REMOTE_FILE":
                problems.tell(file, node, WARNING, f"{node.attr}: {_NETWORK}")


def _module(file, node, dotted, problems):
    if dotted in _MODULES or dotted.partition(".")[0] in _MODULES:
        problems.tell(file, node, WARNING, f"{dotted}: {_NETWORK}")
