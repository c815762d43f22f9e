"""The files of a project as a compiler sees them: parsed, never run."""

import ast
import builtins
import importlib
import importlib.util
import sys
import warnings

ERROR, WARNING = "error", "warning"
_DUNDER = {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__annotations__", "__dict__", "__class__", "__path__", "__debug__"}
BUILTINS = set(dir(builtins)) | _DUNDER


_trees = {}


def class_tree(cls):
    """A class of the library as it is written; None where it is not."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    if file not in _trees:
        with open(file, encoding="utf-8") as f:
            _trees[file] = {n.name: n for n in ast.parse(f.read()).body if isinstance(n, ast.ClassDef)}
    return _trees[file].get(cls.__name__)


class Problems(list):
    def tell(self, file, node, severity, message, back=0):
        line = getattr(node, "end_lineno" if back else "lineno", 0) or 0
        column = (getattr(node, "end_col_offset", 0) - back if back else getattr(node, "col_offset", -1)) + 1
        if file.lines and 0 < line <= len(file.lines) and column > 0:
            # Offsets count bytes; people count characters.
            column = len(file.lines[line - 1].encode()[: column - 1].decode(errors="ignore")) + 1
        self.append((file.path, line, max(column, 0), severity, message))


class File:
    """A module of the project: what it binds, where names come from."""

    def __init__(self, project, path, name, text):
        self.project, self.path, self.name = project, path, name
        self.lines = text.splitlines()
        self.tree = None
        self.bound = set()      # at the top of the module
        self.inner = set()      # in any other scope
        self.classes = {}
        self.imports = {}       # name -> ("module", dotted) or ("from", dotted, name)
        self.stars = []
        self.opaque = False     # what a star brings is not known
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                self.tree = ast.parse(text, path)
                compile(text, path, "exec", dont_inherit=True)
            for w in told:
                project.problems.append((path, w.lineno, 0, WARNING, str(w.message)))
        except SyntaxError as e:
            project.problems.append((path, e.lineno or 0, e.offset or 0, ERROR, f"{type(e).__name__}: {e.msg}"))
            self.opaque, self.tree = True, None
        except (ValueError, RecursionError, MemoryError) as e:
            project.problems.append((path, 0, 0, ERROR, f"the file cannot be read as Python: {e or 'it needs too much memory'}"))
            self.opaque, self.tree = True, None
        if self.tree is not None:
            _Binder(self).visit(self.tree)

    def package(self):
        """The dotted package that relative imports start from."""
        if self.path.endswith("__init__.py"):
            return self.name
        return self.name.rpartition(".")[0]

    def star_names(self, seen=()):
        """What stars bring: name -> where it is from; None where one is opaque."""
        out = {}
        for dotted in self.stars:
            more = self.project.public(dotted, seen + (self.name,))
            if more is None:
                return None
            out.update(more)
        return out


class _Binder(ast.NodeVisitor):
    def __init__(self, file):
        self.file, self.depth = file, 0

    def bind(self, name):
        (self.file.inner if self.depth else self.file.bound).add(name)

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id)

    def visit_Global(self, node):
        self.file.bound.update(node.names)

    def _scope(self, node, name=None):
        if name:
            self.bind(name)
        for d in getattr(node, "decorator_list", []):
            self.visit(d)
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_FunctionDef(self, node):
        self._scope(node, node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self._scope(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_Lambda

    def visit_ClassDef(self, node):
        if self.depth == 0:
            self.file.classes[node.name] = node
        self._scope(node, node.name)

    def visit_arg(self, node):
        self.bind(node.arg)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node):
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node):
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node):
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node):
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_Import(self, node):
        for a in node.names:
            name = a.asname or a.name.partition(".")[0]
            self.bind(name)
            if self.depth == 0:
                self.file.imports[name] = ("module", a.name if a.asname else name)

    def visit_ImportFrom(self, node):
        dotted = self.file.project.absolute(self.file, node)
        for a in node.names:
            if a.name == "*":
                if dotted is None:
                    self.file.opaque = True
                else:
                    self.file.stars.append(dotted)
                continue
            self.bind(a.asname or a.name)
            if self.depth == 0 and dotted is not None:
                self.file.imports[a.asname or a.name] = ("from", dotted, a.name)


class Project:
    """All files, and what imports lead to."""

    def __init__(self, files, libraries):
        self.problems = Problems()
        self.files = {}
        self.folders = set()
        self._live = {}
        todo = [("", n, t) for n, t in files.items()] + [(lib, n, t) for lib, fs in libraries.items() for n, t in fs.items()]
        for lib, path, text in todo:
            if not path.endswith(".py"):
                continue
            full = f"{lib}/{path}" if lib else path
            dotted = full[:-3].replace("/", ".")
            if dotted.endswith(".__init__"):
                dotted = dotted[: -len(".__init__")]
            parts = dotted.split(".")
            self.folders.update(".".join(parts[:i]) for i in range(1, len(parts)))
            self.files[dotted] = (lib, path, full, text)
        self.files = {d: File(self, full, d, text) for d, (lib, path, full, text) in self.files.items()}
        self.own = [f for f in self.files.values() if f.tree is not None]

    def absolute(self, file, node):
        """The dotted module of a from-import; None for one that leads out."""
        if not node.level:
            return node.module
        base = file.package().split(".") if file.package() else []
        if node.level - 1 > len(base) or not base:
            return None
        base = base[: len(base) - (node.level - 1)]
        return ".".join(base + ([node.module] if node.module else []))

    def live(self, dotted):
        """A module that is not the user's, imported; None where it cannot be."""
        if dotted not in self._live:
            self._live[dotted] = None
            if self.trusted(dotted):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        self._live[dotted] = importlib.import_module(dotted)
                except BaseException:
                    pass
        return self._live[dotted]

    def trusted(self, dotted):
        """The standard library and the algorithm API may be imported to look at."""
        top = dotted.partition(".")[0]
        if top in self.files or top in self.folders:
            return False
        if top in ("antigravity", "this", "idlelib", "turtle", "turtledemo", "tkinter"):
            return False
        return top in sys.stdlib_module_names or self.ours(top)

    def ours(self, top):
        if not hasattr(self, "_home"):
            import lean
            self._home = next(iter(lean.__path__)).rpartition("lean")[0]
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError, AttributeError):
            return False
        at = spec and (spec.origin or next(iter(spec.submodule_search_locations or []), ""))
        return bool(at) and at.startswith(self._home)

    def exists(self, dotted):
        """True, False, or None where it cannot be told without running code."""
        if dotted in self.files or dotted in self.folders:
            return True
        top = dotted.partition(".")[0]
        if top in self.files or top in self.folders:
            return False
        if self.trusted(dotted):
            try:
                return importlib.util.find_spec(dotted) is not None
            except (ImportError, ValueError, AttributeError):
                return False
        try:
            if importlib.util.find_spec(top) is None:
                return False
        except (ImportError, ValueError, AttributeError):
            return False
        return True if top == dotted else None

    def public(self, dotted, seen=()):
        """The names that a star takes from a module: name -> its dotted module."""
        if dotted in seen:
            return {}
        if dotted in self.files:
            f = self.files[dotted]
            if f.opaque:
                return None
            more = f.star_names(seen)
            if more is None:
                return None
            out = dict(more)
            out.update({n: dotted for n in f.bound if not n.startswith("_")})
            return out
        m = self.live(dotted)
        if m is None:
            return None
        names = getattr(m, "__all__", None) or [n for n in vars(m) if not n.startswith("_")]
        return {n: dotted for n in names}

    def member(self, dotted, name):
        """What a module's name leads to: ("live", object), ("class", file, node), ("unknown",) or None where there is none."""
        if f"{dotted}.{name}" in self.files or f"{dotted}.{name}" in self.folders:
            return ("unknown",)
        if dotted in self.files:
            return self.find(self.files[dotted], name)
        if dotted in self.folders:
            return None
        m = self.live(dotted)
        if m is None:
            return ("unknown",)
        try:
            if hasattr(m, name):
                return ("live", getattr(m, name))
        except Exception:
            return ("unknown",)
        if self.live(f"{dotted}.{name}") is not None:
            return ("unknown",)
        return None

    def find(self, file, name, seen=()):
        """What a global name of a file is."""
        if name in file.classes:
            return ("class", file, file.classes[name])
        if name in file.imports:
            how = file.imports[name]
            if how[0] == "module":
                m = None if how[1] in self.files else self.live(how[1])
                return ("live", m) if m is not None else ("module", how[1])
            if (how[1], how[2]) in seen:
                return ("unknown",)
            if how[1] in self.files:
                return self.find(self.files[how[1]], how[2], seen + ((how[1], how[2]),)) or ("unknown",)
            return self.member(how[1], how[2]) or ("unknown",)
        if name in file.bound:
            return ("unknown",)
        stars = file.star_names()
        if stars is None or file.opaque:
            return ("unknown",)
        if name in stars and (stars[name], name) not in seen:
            if stars[name] in self.files:
                return self.find(self.files[stars[name]], name, seen + ((stars[name], name),)) or ("unknown",)
            return self.member(stars[name], name) or ("unknown",)
        return None
