"""The arithmetic of metric math that this program's alarms use, and no other.

`IF(condition, then, otherwise)`, `FILL(id, number)`, `MAX([id, id])`, the four operations, comparisons, numbers and the ids of other
queries: "Using math expressions with CloudWatch metrics" in the CloudWatch User Guide has many more, which are refused with their text.
"""

import ast
import operator
from typing import Callable

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARISONS = {
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


class Unsupported(Exception):
    """What an expression contains that is not known here."""


class _NoData(Exception):
    """There is no data point for the expression in this period."""


def names(expression: str) -> set[str]:
    """The ids that an expression refers to.

    :raises Unsupported: when it has anything that `value` could not work out.
    """
    return {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)} - {"IF", "FILL", "MAX"}


def value(expression: str, value_of: Callable[[str], float | None]) -> float | None:
    """An expression in one period; None where a value that it needs is missing, or where it divides by nothing."""
    known = _known(_parsed(expression), value_of)
    return None if known is None else float(known)


def _parsed(expression: str) -> ast.expr:
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise Unsupported(expression) from error
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=int() | float()) | ast.Name():
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            parts = [left, right]
        case ast.Call(func=ast.Name(id="IF"), args=[_, _, _], keywords=[]):
            parts = node.args
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(), ast.Constant(value=int() | float())], keywords=[]):
            return
        case ast.Call(func=ast.Name(id="MAX"), args=[ast.List(elts=parts)], keywords=[]):
            pass
        case _:
            raise Unsupported(ast.unparse(node))
    for part in parts:
        _check(part)


def _work_out(node: ast.expr, value_of: Callable[[str], float | None]) -> float:
    match node:
        case ast.Constant(value=number):
            return number
        case ast.Name(id=name):
            known = value_of(name)
            if known is None:
                raise _NoData(name)
            return known
        case ast.BinOp(left=left, op=op, right=right):
            # What is missing is 0, unless no metric of either side has a data point.
            known = {side: _known(side, value_of) for side in (left, right)}
            if all(known[side] is None for side in known if _has_metric(side)) and _has_metric(node):
                raise _NoData(ast.unparse(node))
            return _OPERATIONS[type(op)](known[left] or 0, known[right] or 0)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _COMPARISONS[type(op)](_work_out(left, value_of), _work_out(right, value_of))
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=name), ast.Constant(value=number)]):
            known = value_of(name)
            return number if known is None else known
        case ast.Call(func=ast.Name(id="MAX"), args=[ast.List(elts=each)]):  # of those that have data
            known = [number for part in each if (number := _known(part, value_of)) is not None]
            if not known:
                raise _NoData("MAX")
            return max(known)
        case ast.Call(args=[condition, then, otherwise]):
            return _work_out(then if _work_out(condition, value_of) else otherwise, value_of)
    raise Unsupported(ast.unparse(node))


def _known(node: ast.expr, value_of: Callable[[str], float | None]) -> float | None:
    try:
        return _work_out(node, value_of)
    except (_NoData, ZeroDivisionError):
        return None


def _has_metric(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) for part in ast.walk(node))
