"""What a compiler of algorithms finds: imports that lead nowhere, names that
nobody defines, members that the API does not have, calls that cannot be. It
reads the user's files and runs none of them."""

import ast
import difflib
import inspect

from .check_engine import engine_warnings
from .check_files import Project, class_tree, BUILTINS, ERROR, WARNING
from .names import pascal, snake

_CATCHES = {"ImportError", "ModuleNotFoundError", "AttributeError", "NameError", "Exception", "BaseException"}
# How many arguments the engine gives a handler.
_HANDLERS = {"initialize": (0,), "on_data": (1,), "on_order_event": (1,), "on_securities_changed": (1,), "on_end_of_day": (0, 1), "on_end_of_algorithm": (0,),
             "on_warmup_finished": (0,), "on_margin_call": (1,), "on_margin_call_warning": (0,), "on_splits": (1,), "on_dividends": (1,), "on_delistings": (1,),
             "on_symbol_changed_events": (1,), "on_end_of_time_step": (0,)}

# How many arguments methods take that tell their overloads apart themselves.
_COUNTS = {"set_cash": (1, 3), "set_start_date": (1, 3), "set_end_date": (1, 3), "set_holdings": (1, 6), "set_benchmark": (1, 2), "trailing_stop_order": (4, 8),
           "consolidate": (3, 5), "add_universe": (1, 6), "plot": (1, 6), "train": (1, 3), "set_account_currency": (1, 2)}


def _is_api(obj):
    return str(getattr(obj, "__module__", "")).startswith(("lean.", "AlgorithmImports", "_host"))


class _Stored(ast.NodeVisitor):
    """Attribute names that anything in the project stores, or asks for by text."""

    def __init__(self):
        self.names, self.any = set(), False

    def visit_Attribute(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.names.add(node.attr)
        self.generic_visit(node)

    def visit_Call(self, node):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ("setattr", "hasattr", "getattr", "delattr", "__setattr__", "add_property", "AddProperty"):
            text = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            self.names.update(text)
            if not text and name in ("setattr", "__setattr__"):
                self.any = True
        self.generic_visit(node)


class Checker:
    def __init__(self, files, libraries):
        import AlgorithmImports
        self.api = vars(AlgorithmImports)
        self.algorithm = AlgorithmImports.QCAlgorithm
        self.instance = self.algorithm()
        self.project = Project(files, libraries)
        self.problems = self.project.problems
        self.stored = _Stored()
        for f in self.project.own:
            self.stored.visit(f.tree)
        self._members, self._source = {}, {}

    def run(self):
        for f in self.project.own:
            self.imports(f)
            _Walk(self, f).visit(f.tree)
        engine_warnings(self.project.own, self.problems)
        if self.project.own and not any(self.derives(f, n) for f in self.project.own for n in f.classes.values()) and not any(p[3] == ERROR for p in self.problems):
            self.problems.append((self.project.own[0].path, 0, 0, WARNING, "no class derives from QCAlgorithm: there is nothing to run"))
        out, seen = [], set()
        for p in self.problems:
            if p not in seen:
                seen.add(p)
                out.append(p)
        return sorted(out, key=lambda p: (p[0], p[1], p[2]))

    # --- imports ---

    def imports(self, file):
        guarded = set()
        for t in ast.walk(file.tree):
            if isinstance(t, ast.Try) and _caught(t):
                guarded.update(id(n) for s in t.body for n in ast.walk(s))
            if isinstance(t, ast.If) and getattr(t.test, "id", getattr(t.test, "attr", "")) == "TYPE_CHECKING":
                guarded.update(id(n) for s in t.body for n in ast.walk(s))
        for node in ast.walk(file.tree):
            how = WARNING if id(node) in guarded else ERROR
            if isinstance(node, ast.Import):
                for a in node.names:
                    if self.project.exists(a.name) is False:
                        self.missing(file, node, a.name, how)
            elif isinstance(node, ast.ImportFrom):
                dotted = self.project.absolute(file, node)
                if dotted is None:
                    self.problems.tell(file, node, how, "a relative import leads out of its package")
                elif dotted and self.project.exists(dotted) is False:
                    self.missing(file, node, dotted, how)
                elif dotted and dotted != "__future__":
                    for a in node.names:
                        if a.name == "*" or self.known(dotted, a.name):
                            continue
                        self.problems.tell(file, node, how, f"the module '{dotted}' has no '{a.name}'" + self.near(a.name, self.project.public(dotted) or ()))

    def known(self, dotted, name):
        if dotted in self.project.files:
            f = self.project.files[dotted]
            if f.opaque or "__getattr__" in f.bound or name in f.bound or name in BUILTINS:
                return True
            stars = f.star_names()
            return stars is None or name in stars or self.project.member(dotted, name) is not None
        if dotted in self.project.folders:
            return self.project.exists(f"{dotted}.{name}") is True
        return self.project.member(dotted, name) is not None

    def missing(self, file, node, dotted, how):
        import sys
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names:
            hint = ": it is not part of the embedded Python"
        elif top in self.project.files or top in self.project.folders:
            hint = " in the project"
        else:
            hint = ": neither Python, the algorithm API, the project nor an installed package has it"
            if top.islower():
                hint += f" (quantdesk python install {top})"
        self.problems.tell(file, node, how, f"there is no module '{dotted}'" + hint)

    def near(self, name, names):
        got = difflib.get_close_matches(name, [n for n in names if not n.startswith("_")], 1, 0.72)
        return f"; did you mean '{got[0]}'?" if got else ""

    # --- classes ---

    def bases(self, file, node):
        out = []
        for b in node.bases:
            if isinstance(b, ast.Subscript):
                b = b.value
            if isinstance(b, ast.Name):
                out.append(self.project.find(file, b.id) or ("unknown",))
            elif isinstance(b, ast.Attribute) and isinstance(b.value, ast.Name):
                m = self.project.find(file, b.value.id) or ("unknown",)
                if m[0] == "live":
                    got = inspect.getattr_static(m[1], b.attr, None)
                    out.append(("live", got) if isinstance(got, type) else ("unknown",))
                elif m[0] == "module":
                    out.append(self.project.member(m[1], b.attr) or ("unknown",))
                else:
                    out.append(("unknown",))
            else:
                out.append(("unknown",))
        return out

    def derives(self, file, node, depth=0):
        """Whether a class is an algorithm."""
        for b in self.bases(file, node) if depth < 20 else ():
            if b[0] == "live" and isinstance(b[1], type) and issubclass(b[1], self.algorithm):
                return True
            if b[0] == "class" and self.derives(b[1], b[2], depth + 1):
                return True
        return False

    def members(self, file, node, depth=0):
        """(names of the user, live base classes), or None where names cannot be known."""
        key = id(node)
        if key in self._members:
            return self._members[key]
        self._members[key] = None
        if depth > 20 or node.keywords or self.stored.any:
            return None
        own, live = set(), []
        for s in ast.walk(node):
            if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                own.add(s.name)
            elif isinstance(s, ast.Name) and not isinstance(s.ctx, ast.Load):
                own.add(s.id)
            elif isinstance(s, ast.Attribute) and s.attr == "__dict__" or isinstance(s, ast.Name) and s.id in ("vars", "locals", "exec", "eval"):
                return None
            elif isinstance(s, (ast.Import, ast.ImportFrom)):
                own.update((a.asname or a.name).partition(".")[0] for a in s.names)
        if own & {"__getattr__", "__getattribute__", "__setattr__"}:
            return None
        for b in self.bases(file, node):
            if b[0] == "class":
                more = self.members(b[1], b[2], depth + 1)
                if more is None:
                    return None
                own |= more[0]
                live += more[1]
            elif b[0] == "live" and isinstance(b[1], type) and _is_api(b[1]):
                if b[1] is not self.algorithm and hasattr(b[1], "__getattr__"):
                    return None
                live.append(b[1])
            elif b[0] == "live" and b[1] in (object,):
                pass
            else:
                return None
        self._members[key] = (own, live)
        return self._members[key]

    def assigned(self, cls):
        """Names that the API's own classes store on themselves."""
        if cls not in self._source:
            names = set()
            for c in cls.__mro__:
                if not _is_api(c):
                    continue
                tree = class_tree(c)
                if tree is None:
                    continue
                s = _Stored()
                s.visit(tree)
                names |= s.names
            self._source[cls] = names
        return self._source[cls]

    def has(self, names, live, attr):
        for a in {attr, snake(attr), pascal(attr), attr.lower() if attr.isupper() else attr}:
            if a in names or a in self.stored.names:
                return True
            for c in live:
                if hasattr(c, a) or a in self.assigned(c) or c is self.algorithm and hasattr(type(self.instance), a) or a in vars(self.instance) and issubclass(c, self.algorithm):
                    return True
        return False

    def arguments(self, file, node, f, bound, what):
        """Whether a call fits a function of the API."""
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            return
        try:
            sig = inspect.signature(f)
            sig.bind(*([None] * (len(node.args) + bound)), **{k.arg: None for k in node.keywords})
        except TypeError as e:
            if not str(e).startswith(("missing", "too many", "got an", "multiple")):
                return
            shown = [p for p in sig.parameters.values()][bound:]
            self.problems.tell(file, node, ERROR, f"{what}({', '.join(str(p) for p in shown)}): {e}")
        except ValueError:
            pass


def _caught(node):
    for h in node.handlers:
        types = [h.type] if not isinstance(h.type, ast.Tuple) else h.type.elts
        if any(t is None or getattr(t, "id", getattr(t, "attr", "")) in _CATCHES for t in types):
            return True
    return False


class _Walk(ast.NodeVisitor):
    def __init__(self, checker, file):
        self.c, self.f = checker, file
        self.stars = file.star_names()
        self.cls = None         # the class around, and its self
        self.self = None
        self.guard = 0
        self.lazy = any(isinstance(s, ast.ImportFrom) and s.module == "__future__" and any(a.name == "annotations" for a in s.names) for s in file.tree.body)

    def tell(self, node, message, back=0):
        if not self.guard:
            self.c.problems.tell(self.f, node, ERROR, message, back)

    def visit_Try(self, node):
        caught = _caught(node)
        self.guard += caught
        for s in node.body:
            self.visit(s)
        self.guard -= caught
        for s in node.handlers + node.orelse + node.finalbody:
            self.visit(s)

    def visit_ClassDef(self, node):
        before = self.cls, self.self
        for x in node.decorator_list + node.bases + [k.value for k in node.keywords]:
            self.visit(x)
        self.cls, self.self = node, None
        if self.c.derives(self.f, node):
            self.handlers(node)
        for s in node.body:
            self.visit(s)
        self.cls, self.self = before

    def handlers(self, node):
        for s in node.body:
            if not isinstance(s, ast.FunctionDef) or s.decorator_list or snake(s.name) not in _HANDLERS:
                continue
            a, want = s.args, _HANDLERS[snake(s.name)]
            most = len(a.posonlyargs + a.args) - 1
            least = most - len(a.defaults)
            if a.vararg is None and not any(least <= n <= most for n in want) or a.vararg is not None and least > max(want):
                self.tell(s, f"{s.name} is called with {want[-1]} argument{'s' * (want[-1] != 1)} beside self, and takes {most if least == most else f'{least} to {most}'}")

    def visit_FunctionDef(self, node):
        before = self.self
        args = node.args.posonlyargs + node.args.args
        names = {a.arg for a in args + node.args.kwonlyargs + [x for x in (node.args.vararg, node.args.kwarg) if x]}
        inside = self.cls is not None and any(s is node for s in self.cls.body)
        plain = not any(getattr(d, "id", getattr(d, "attr", "")) in ("staticmethod", "classmethod") for d in node.decorator_list)
        for d in node.decorator_list + node.args.defaults + [x for x in node.args.kw_defaults if x]:
            self.visit(d)
        if not self.lazy:
            for a in [a.annotation for a in args + node.args.kwonlyargs] + [node.returns]:
                if a is not None:
                    self.visit(a)
        if inside:
            self.self = args[0].arg if args and plain else None
        elif self.self in names:
            self.self = None
        for s in node.body:
            self.visit(s)
        self.self = before

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        before = self.self
        if any(a.arg == self.self for a in node.args.args):
            self.self = None
        self.generic_visit(node)
        self.self = before

    def visit_AnnAssign(self, node):
        for x in (node.target, node.value) + (() if self.lazy else (node.annotation,)):
            if x is not None:
                self.visit(x)

    def what(self, node):
        """What an expression is, as far as it can be told: ("live", object), ("self",), ("part", object) or None."""
        if isinstance(node, ast.Name):
            if node.id == self.self and self.cls is not None:
                return ("self",)
            if node.id in self.f.inner:
                return None
            got = self.c.project.find(self.f, node.id)
            return got if got and got[0] in ("live", "module") else None
        if isinstance(node, ast.Attribute):
            of = self.what(node.value)
            if of and of[0] == "self" and self.c.derives(self.f, self.cls):
                low = snake(node.attr)
                own = self.c.members(self.f, self.cls)
                if own and low not in own[0] and low not in self.c.stored.names and node.attr not in self.c.stored.names and low in vars(self.c.instance):
                    return ("part", vars(self.c.instance)[low])
        return None

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load) or self.stars is None or self.f.opaque:
            return
        n = node.id
        if n in self.f.bound or n in self.f.inner or n in BUILTINS or n in self.stars:
            return
        self.tell(node, f"the name '{n}' is not defined" + self.c.near(n, set(self.stars) | self.f.bound))

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or node.attr.startswith("__"):
            return
        of, name = self.what(node.value), node.attr
        if of is None:
            return
        if of[0] == "self":
            m = self.c.members(self.f, self.cls)
            if m and m[1] and not self.c.has(m[0], m[1], name):
                pool = set(m[0]) | self.c.stored.names | {n for c in m[1] for n in dir(c)} | set(vars(self.c.instance))
                self.tell(node, f"'{self.cls.name}' has no member '{name}'" + self.c.near(name, pool), len(name.encode()))
        elif of[0] == "part":
            cls = type(of[1])
            if _is_api(cls) and name not in getattr(cls, "_names", ()) and snake(name) not in getattr(cls, "_names", ()) and (not hasattr(cls, "__getattr__") or hasattr(cls, "_names")) \
                    and not self.c.has(set(vars(of[1]) if hasattr(of[1], "__dict__") else ()), [cls], name):
                self.tell(node, f"'{cls.__name__}' has no member '{name}'" + self.c.near(name, set(dir(cls)) | set(getattr(cls, "_names", ()))), len(name.encode()))
        elif of[0] == "live":
            obj = of[1]
            try:
                if hasattr(obj, name):
                    return
            except NotImplementedError as e:
                return self.tell(node, str(e), len(name.encode()))
            except Exception:
                return
            if name in self.c.stored.names or not (_is_api(obj) or inspect.ismodule(obj) or isinstance(obj, type)):
                return
            if inspect.ismodule(obj) and self.c.project.live(f"{obj.__name__}.{name}") is not None:
                return
            self.tell(node, f"'{getattr(obj, '__name__', type(obj).__name__)}' has no member '{name}'" + self.c.near(name, dir(obj)), len(name.encode()))

    def visit_Call(self, node):
        self.generic_visit(node)
        if self.guard:
            return
        f = node.func
        if isinstance(f, ast.Attribute):
            of = self.what(f.value)
            if of is None:
                return
            if of[0] == "self":
                m = self.c.members(self.f, self.cls)
                if not m or f.attr in m[0] or f.attr in self.c.stored.names or {snake(f.attr), pascal(f.attr)} & m[0]:
                    return
                for c in m[1]:
                    self.method(node, c, f.attr)
            elif of[0] == "part" and _is_api(type(of[1])) and f.attr not in self.c.stored.names:
                self.method(node, type(of[1]), f.attr)
            elif of[0] == "live" and isinstance(of[1], type) and _is_api(of[1]):
                got = inspect.getattr_static(of[1], f.attr, None)
                if isinstance(got, (staticmethod, classmethod)):
                    self.c.arguments(self.f, node, getattr(of[1], f.attr), 0, f"{of[1].__name__}.{f.attr}")
        elif isinstance(f, ast.Name):
            of = self.what(f)
            if of and of[0] == "live" and _is_api(of[1]):
                if inspect.isfunction(of[1]):
                    self.c.arguments(self.f, node, of[1], 0, f.id)
                elif isinstance(of[1], type) and type(of[1]) is type and inspect.isfunction(of[1].__init__) and of[1].__new__ is object.__new__:
                    self.c.arguments(self.f, node, of[1].__init__, 1, f.id)

    def method(self, node, cls, name):
        got = inspect.getattr_static(cls, name, None)
        if got is None:
            got = inspect.getattr_static(cls, snake(name), None)
        if inspect.isfunction(got):
            self.c.arguments(self.f, node, got, 1, name)
        least, most = _COUNTS.get(snake(name), (0, 99)) if issubclass(cls, self.c.algorithm) else (0, 99)
        given = len(node.args) + len(node.keywords)
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            return
        if not least <= given <= most:
            self.tell(node, f"{name} takes {least} to {most} arguments, and gets {given}")


def check(files, libraries):
    """The problems of a project: (file, line, column, severity, message)."""
    return [list(p) for p in Checker(files, libraries).run()]
