"""Arrays that compiled code looks at without counting who else does.

numba counts references to an array up and down wherever one function hands it to another, in a way that other
processors must see: a third of the time of a short search. ``lent`` gives the same memory as an array of another type,
which nobody counts; parts of it are lent too. Whoever calls compiled code holds its arrays until that returns, so
nothing that is lent outlives its owner as long as no compiled function returns it.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model


class Lent(types.Array):
    """The type of an array that has an owner elsewhere."""

    def copy(self, dtype=None, ndim=None, layout=None, readonly=None):
        """Return the type of a part, or of another look at the same memory."""
        other = super().copy(dtype, ndim, layout, readonly)
        return Lent(other.dtype, other.ndim, other.layout, readonly=not other.mutable, aligned=other.aligned)


@register_model(Lent)
class LentModel(models.StructModel):
    """What is known of such an array: as of any other, but with nothing to count references at."""

    def __init__(self, manager, kind):
        dimensions = types.UniTuple(types.intp, kind.ndim)
        super().__init__(
            manager,
            kind,
            [
                *(("meminfo", types.voidptr), ("parent", types.voidptr), ("nitems", types.intp)),
                *(("itemsize", types.intp), ("data", types.CPointer(kind.dtype))),
                *(("shape", dimensions), ("strides", dimensions)),
            ],
        )


@intrinsic
def lent(typing_context, array):
    """Return an array as one that is lent."""

    def generate(context, builder, signature, arguments):
        owned = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        made = cgutils.create_struct_proxy(signature.return_type)(context, builder)
        made.meminfo = made.parent = cgutils.get_null_value(made.meminfo.type)
        made.nitems, made.itemsize, made.data = owned.nitems, owned.itemsize, owned.data
        made.shape, made.strides = owned.shape, owned.strides
        return made._getvalue()  # as numba's documentation of such functions has it

    kind = Lent(array.dtype, array.ndim, array.layout, readonly=not array.mutable, aligned=array.aligned)
    return kind(array), generate
