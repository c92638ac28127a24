"""What an adapter's functions do on one small batch: mistakes of the adapter itself."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import AdapterFault, NotGrantedError, NotJudgedError
from conformance.operations import load_law, load_operations
from conformance.operations._common.laws.contract import wrong_dtype
from conformance.specification.plan import laws_of, usual_dtype
from conformance.trial.attempt import attempt
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import judge
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.check.fixtures import Fixtures
    from conformance.specification.selection import Check
    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

ROWS = 4
"""Rows of the batch that is tried."""

JUDGED = "its answer is not the exact one, which `run` will judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was seen of one variant in one dtype.

    Attributes:
        what: One sentence; empty when nothing is wrong.
        wrong: Whether the adapter is wrong, not perhaps the library behind it.
    """

    what: str = ""
    wrong: bool = True


def probe(fixtures: Fixtures, check: Check, *, first: bool) -> Iterator[Found]:
    """Yield what is wrong with a variant in one dtype, on its primary route.

    Args:
        fixtures: The adapter's subjects and samples.
        check: The check of ``value`` in this variant and dtype.
        first: Whether the function is tried for the first time; further routes are
            then tried too, which takes a compiler longer than everything else.
    """
    sample = _first_rows(fixtures.turn(check, 0))
    sample = sample.replace_batch(fixtures.grant(check, sample.batch))
    subject = fixtures.subject(check)
    try:
        got, dtype = _call(subject, sample)
    except NotGrantedError as error:
        yield Found(what=str(error), wrong=False)
        return
    except AdapterFault as error:
        yield Found(what=str(error))
        return
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise anything
        yield Found(what=_describe_error(error, fixtures.adapter.declaration.file))
        return
    cast = wrong_dtype(subject, dtype)
    if cast:
        yield Found(what=f"{cast}; see dtype= of your layer, or cast the answer back")
    if judge(got, sample).passed:
        yield from _check_declared(fixtures, check, subject, sample)
        yield from _routes(fixtures, check, sample) if first else ()
    else:
        yield _explain(subject, sample, got)


def _first_rows(sample: Sample) -> Sample:
    """Return the sample's first rows, those with padding first."""
    mask = sample.batch.mask
    order = np.argsort(mask.all(axis=1), kind="stable")[:ROWS]
    return sample.replace_batch(sample.batch.take(order))


def _call(subject: Subject, sample: Sample) -> tuple[Array, str]:
    framework, batch = subject.framework, sample.batch
    subject.given = batch
    with framework.scope(subject.dtype):
        mask = subject.mask(batch)
        result = subject.callable(batch)(*subject.tensors(batch), mask)
        got = subject.check_result(result, sample.want.shape)
        return got, framework.dtype(result)


def _describe_error(error: BaseException, file: str) -> str:
    """Return an exception with the line of the adapter that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    where = f"{file}, line {own[-1].lineno}: " if own else ""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{where}raises {type(error).__name__}: {first}"


def _explain(subject: Subject, sample: Sample, got: Array) -> Found:
    """Return which mistake of adapters gives a wrong answer, if one does."""
    batch = sample.batch
    if subject.variant.makes_mask:
        if np.array_equal(np.asarray(got, bool), ~np.asarray(sample.want, bool)):
            return Found(what=_INVERTED)
        return Found(what=JUDGED, wrong=False)
    full = np.ones_like(batch.mask)
    for what, mask in ((_INVERTED, ~batch.mask), (_IGNORED, full)):
        other = sample.replace_batch(replace(batch, mask=mask))
        if other.solvable and _gives(got, other, sample):
            return Found(what=what)
    if subject.dtype == "float64" and _fits_float32(sample, got):
        return Found(what=_SINGLE)
    if sample.padding is not None:
        open_ = replace(sample, padding=None, _answers={})
        if judge(got, open_).passed:
            return Found(
                what=f"declares padding = {sample.padding!r}, but something else "
                "stands at padding of its answer; correct the head"
            )
    return Found(what=JUDGED, wrong=False)


def _gives(got: Array, other: Sample, sample: Sample) -> bool:
    """Tell whether an answer is another sample's, which says something by itself."""
    # Where padding overflows a small dtype nothing is asked: anything fits.
    telling = not other.open_by
    apart = not judge(other.want, sample).passed
    return telling and apart and judge(got, other).passed


_INVERTED = (
    "answers as if the mask were inverted: it is True where a position counts; pass "
    "~mask where your library means the opposite"
)
_IGNORED = "answers as if there were no mask; hand mask on to your library"
_SINGLE = (
    "its float64 answer is exact to float32 only, so something casts in silence; pass "
    'dtype=x.dtype on, or take "float64" out of the head\'s dtypes'
)


def _fits_float32(sample: Sample, got: Array) -> bool:
    wide = replace(sample, dtype="float32", _answers={})
    # The inputs were rounded as well as the answer, which a maximum's bound leaves out.
    rounding = PRECISIONS["float32"].u * np.abs(wide.want)
    bound = 4 * wide.allowed + rounding
    return compare(got, wide.want, bound, open_by=wide.open_by).passed


def _check_declared(
    fixtures: Fixtures, check: Check, subject: Subject, sample: Sample
) -> Iterator[Found]:
    """Yield what the head states and what does not hold."""
    declaration, variant = fixtures.adapter.declaration, check.variant
    if check.dtype != usual_dtype(declaration):
        return
    stated = {
        "mask-form": f"mask-forms = {list(declaration.mask_forms)}",
        "empty-row": _quote(
            "empty", variant.empty == "declared" and declaration.empty_row(variant.name)
        ),
        "left-padding": _quote(
            "placements", "left" in declaration.placements and "left"
        ),
        "gaps": _quote("placements", "gaps" in declaration.placements and "gaps"),
        **{
            name: _quote(name, declaration.stated(name, variant.name))
            for name in ("zero-time", "zero-batch", "subnormals")
        },
    }
    yield from _find_broken(stated, subject, sample)


def _routes(fixtures: Fixtures, check: Check, sample: Sample) -> Iterator[Found]:
    for route in fixtures.adapter.declaration.routes:
        if route not in {check.route, "jvp", "inductor"}:
            yield from _check_routes(fixtures, replace(check, route=route), sample)


def _quote(key: str, what: object) -> str:
    return f"{key} = {what!r}" if what else ""


def _find_broken(
    stated: Mapping[str, str], subject: Subject, sample: Sample
) -> Iterator[Found]:
    for law in laws_of(subject.operation, subject.variant):
        if not stated.get(law.name):
            continue
        finding = attempt(load_law(law), subject, sample)
        none = finding.errored and not finding.judged and not finding.trace
        if not finding.passed and not none:
            message = finding.verdict.message
            yield Found(
                what=f"declares {stated[law.name]}, but: {message}; correct the head, "
                "or the adapter"
            )


def _check_routes(fixtures: Fixtures, check: Check, sample: Sample) -> Iterator[Found]:
    """Yield why a declared route cannot be taken; a wrong answer is no such reason."""
    rows_alone = check.route == "vmap" and check.variant.result == "scalar"
    operation = load_operations()[check.operation]
    if rows_alone or (check.route == "training" and not operation.builds):
        return
    routed = replace(sample, dtype=check.dtype)
    try:
        fixtures.subject(check).answer(routed.batch, like=routed.want)
    except NotJudgedError:
        return
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise anything
        what = _describe_error(error, fixtures.adapter.declaration.file)
        yield Found(what=f"declares route {check.route!r}, but {what}")
