"""Vectors of 64 bytes, as values of compiled code: 8 float64, 16 float32, 8 int64 or 16 int32.

LLVM cuts them to the registers that a processor has (one of AVX-512, two of AVX2, four of SSE2 or
NEON), so that the lanes, and with them the results, are the same everywhere: an operation rounds
once whatever the registers. A width chosen for each processor would save nothing: 32-byte vectors
compile to the same instructions on AVX2.

These functions exist in compiled code only: they are called from functions under the decorators
of ``_jit``, and with ``NUMBA_DISABLE_JIT=1`` whoever calls them can't run. Indices are not checked:
``load`` and ``store`` touch ``LANES`` elements from the index on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model
from numba.np.arrayobj import make_array

N_BYTES = 64
LANES = {np.float64: 8, np.float32: 16, np.int64: 8, np.int32: 16}

_ELEMENTS = {
    types.float64: ir.DoubleType(),
    types.float32: ir.FloatType(),
    types.int64: ir.IntType(64),
    types.int32: ir.IntType(32),
}
_INDEX = ir.IntType(32)


class VectorType(types.Type):
    """``N_BYTES`` of one kind of number, side by side."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.lanes = N_BYTES * 8 // element.bitwidth
        super().__init__(name=f"vector({self.lanes} x {element})")


class MaskType(types.Type):
    """A truth for each lane."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"mask({lanes})")


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: VectorType) -> None:
        super().__init__(manager, kind, _of_vector(kind))


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: MaskType) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), kind.lanes))


def _instruction(build: Callable[..., Any]) -> Any:
    # ``build`` is told the types, and gives the type of the result with what generates the code;
    # None where the types are none of its own, which numba reports.
    return intrinsic(build)


def _of_vector(kind: VectorType) -> Any:
    return ir.VectorType(_ELEMENTS[kind.element], kind.lanes)


def _intrinsic_of_llvm(builder: Any, name: str, kind: VectorType, arguments: Any) -> Any:
    vector = _of_vector(kind)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [vector] * len(arguments)),
        f"{name}.v{kind.lanes}f{kind.element.bitwidth}",
    )
    return builder.call(function, arguments)


def _address(context: Any, builder: Any, array: Any, data: Any, index: Any) -> Any:
    # One past the other: only arrays in C order have their neighbours as neighbours in memory.
    begin = make_array(array)(context, builder, data).data
    return builder.bitcast(
        builder.gep(begin, [index]), _of_vector(VectorType(array.dtype)).as_pointer()
    )


def _is_row(array: Any) -> bool:
    return isinstance(array, types.Array) and array.layout == "C" and array.dtype in _ELEMENTS


@_instruction
def lanes_of(typing: Any, array: Any) -> Any:
    """How many elements of the array a vector holds, known when the code is compiled."""
    if not _is_row(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, VectorType(array.dtype).lanes)

    return types.intp(array), generate


@_instruction
def load(typing: Any, array: Any, index: Any) -> Any:
    """The lanes that begin at ``array[index]``; the array is contiguous."""
    if not _is_row(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _address(context, builder, array, *arguments)
        return builder.load(place, align=array.dtype.bitwidth // 8)

    return VectorType(array.dtype)(array, types.intp), generate


@_instruction
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write the lanes to ``array[index]`` and the places after it; the array is contiguous."""
    if not (_is_row(array) and array.mutable and vector == VectorType(array.dtype)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _address(context, builder, array, *arguments[:2])
        builder.store(arguments[2], place, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _in_every_lane(builder: Any, kind: VectorType, value: Any) -> Any:
    undefined = ir.Constant(_of_vector(kind), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INDEX, 0))
    zeros = ir.Constant(ir.VectorType(_INDEX, kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(first, undefined, zeros)


@_instruction
def splat(typing: Any, value: Any) -> Any:
    """``value`` in every lane."""
    if value not in _ELEMENTS:
        return None
    kind = VectorType(value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _in_every_lane(builder, kind, arguments[0])

    return kind(value), generate


@_instruction
def spread(typing: Any, array: Any, index: Any) -> Any:
    """``array[index]`` in every lane; the index is 0 or more."""
    if not _is_row(array):
        return None
    kind = VectorType(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        begin = make_array(array)(context, builder, arguments[0]).data
        value = builder.load(builder.gep(begin, [arguments[1]]))
        return _in_every_lane(builder, kind, value)

    return kind(array, types.intp), generate


def _is_float(*vectors: Any) -> bool:
    return isinstance(vectors[0], VectorType) and (
        isinstance(vectors[0].element, types.Float) and all(v == vectors[0] for v in vectors)
    )


@_instruction
def add(typing: Any, a: Any, b: Any) -> Any:
    """a + b."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments)

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def subtract(typing: Any, a: Any, b: Any) -> Any:
    """a − b."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fsub(*arguments)

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def multiply(typing: Any, a: Any, b: Any) -> Any:
    """a · b."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments)

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a · b + c, rounded once, on every processor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _intrinsic_of_llvm(builder, "llvm.fma", a, arguments)

    return (a(a, b, c), generate) if _is_float(a, b, c) else None


@_instruction
def root(typing: Any, a: Any) -> Any:
    """√a; NaN below 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _intrinsic_of_llvm(builder, "llvm.sqrt", a, arguments)

    return (a(a), generate) if _is_float(a) else None


@_instruction
def absolute(typing: Any, a: Any) -> Any:
    """|a|."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _intrinsic_of_llvm(builder, "llvm.fabs", a, arguments)

    return (a(a), generate) if _is_float(a) else None


@_instruction
def larger(typing: Any, a: Any, b: Any) -> Any:
    """a where a > b, else b: a NaN in ``a`` is passed over, one in ``b`` stays."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def smaller(typing: Any, a: Any, b: Any) -> Any:
    """a where a < b, else b: a NaN in ``a`` is passed over, one in ``b`` stays."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", *arguments), *arguments)

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def is_larger(typing: Any, a: Any, b: Any) -> Any:
    """A mask: a > b; False where one is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fcmp_ordered(">", *arguments)

    return (MaskType(a.lanes)(a, b), generate) if _is_float(a, b) else None


@_instruction
def is_equal(typing: Any, a: Any, b: Any) -> Any:
    """A mask: a = b; False where one is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fcmp_ordered("==", *arguments)

    return (MaskType(a.lanes)(a, b), generate) if _is_float(a, b) else None


@_instruction
def either(typing: Any, a: Any, b: Any) -> Any:
    """A mask: true where one of two masks is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.or_(*arguments)

    return (a(a, b), generate) if isinstance(a, MaskType) and a == b else None


@_instruction
def bits(typing: Any, mask: Any) -> Any:
    """A mask as int64: bit k is lane k; 0 where no lane is true."""
    if not isinstance(mask, MaskType):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        packed = builder.bitcast(arguments[0], ir.IntType(mask.lanes))
        return builder.zext(packed, ir.IntType(64))

    return types.int64(mask), generate


@_instruction
def choose(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """a where the mask is true, b elsewhere; of any kind of number with as many lanes."""
    if not (isinstance(mask, MaskType) and isinstance(a, VectorType)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return (a(mask, a, b), generate) if a == b and a.lanes == mask.lanes else None


@_instruction
def joined_bits(typing: Any, a: Any, b: Any) -> Any:
    """The bits that are set in one of both, as floats; negative where one of both is negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = ir.VectorType(ir.IntType(a.element.bitwidth), a.lanes)
        both = builder.or_(*(builder.bitcast(v, whole) for v in arguments))
        return builder.bitcast(both, _of_vector(a))

    return (a(a, b), generate) if _is_float(a, b) else None


@_instruction
def is_any_negative(typing: Any, a: Any) -> Any:
    """Whether one lane has its sign bit set: the cheapest question one can ask of a vector.

    True for −0.0 and for NaN of negative sign too.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        element, half = ir.IntType(a.element.bitwidth), a.lanes // 2
        whole = builder.bitcast(arguments[0], ir.VectorType(element, a.lanes))
        # By halves: of 32 bytes AVX2 reads the signs in one instruction.
        halves = [
            builder.shuffle_vector(
                whole,
                ir.Constant(whole.type, ir.Undefined),
                ir.Constant(ir.VectorType(_INDEX, half), list(range(begin, begin + half))),
            )
            for begin in (0, half)
        ]
        both = builder.or_(*halves)
        signs = builder.icmp_signed("<", both, ir.Constant(both.type, [0] * half))
        packed = builder.bitcast(signs, ir.IntType(half))
        return builder.icmp_unsigned("!=", packed, ir.Constant(packed.type, 0))

    return (types.boolean(a), generate) if _is_float(a) else None


def _folded(builder: Any, kind: VectorType, vector: Any, combine: Any) -> Any:
    # By halves, so that the order is written here and the same on every processor.
    lanes = [builder.extract_element(vector, ir.Constant(_INDEX, k)) for k in range(kind.lanes)]
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [combine(lanes[k], lanes[k + half]) for k in range(half)]
    return lanes[0]


@_instruction
def total(typing: Any, a: Any) -> Any:
    """The lanes added up: lane k with lane k + n/2, and so on by halves."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, a, arguments[0], builder.fadd)

    return (a.element(a), generate) if _is_float(a) else None


@_instruction
def largest(typing: Any, a: Any) -> Any:
    """The largest lane; no lane is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(
            builder,
            a,
            arguments[0],
            lambda x, y: builder.select(builder.fcmp_ordered(">", x, y), x, y),
        )

    return (a.element(a), generate) if _is_float(a) else None


@_instruction
def smallest(typing: Any, a: Any) -> Any:
    """The smallest lane; no lane is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(
            builder,
            a,
            arguments[0],
            lambda x, y: builder.select(builder.fcmp_ordered("<", x, y), x, y),
        )

    return (a.element(a), generate) if _is_float(a) else None


@_instruction
def lowest_bit(typing: Any, value: Any) -> Any:
    """The place of the lowest bit set in an int64; 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return (types.int64(types.int64), generate) if value == types.int64 else None


@_instruction
def unforeseen(typing: Any, index: Any) -> Any:
    """The integer itself, in a way the compiler can't see through.

    What is computed from it in a branch that is seldom taken is computed there, instead of being
    kept in a register on the way that is always taken.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        return builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", arguments, side_effect=False)

    return (types.intp(types.intp), generate) if index == types.intp else None
