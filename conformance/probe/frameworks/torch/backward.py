"""Every operation on the way back from a model's answer, with the gradients there.

Autograd numbers its nodes as they are made, so the operation that is seen right behind
a new number is the one whose way back the node is; the recorder knows its module and
line.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import torch

from conformance.probe.frameworks.torch.tree import array
from conformance.probe.trace import GradientStep, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.torch.tracing import Recorder
    from conformance.probe.trace import Edit, Instead


class NodeRecorder:
    """Records a call, and which operation made which node of autograd's graph.

    Args:
        record: Makes what records the call, given what is told of each operation.
    """

    def __init__(self, record: Callable[[Edit], Recorder]) -> None:
        self.sites: dict[int, Site] = {}
        self.recorder = record(self._note)

    def _note(
        self, site: Site, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> None:
        del inputs, outputs
        self.sites.setdefault(torch.autograd._get_sequence_nr() - 1, site)  # noqa: SLF001 - nothing public has it

    def site(self, node: Any) -> Site:
        """Return the operation whose way back a node is.

        A module that is one operation makes many nodes before it ends.
        """
        known = sorted(self.sites)
        at = bisect_left(known, node._sequence_nr())  # noqa: SLF001
        found = self.sites[known[min(at, len(known) - 1)]]
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            made = Site(path=found.path, kind=found.kind, op=node.name())
            made.file, made.line, made.call = found.file, found.line, found.call
            return made
        return found


def walk_back(
    call: Callable[[], Any],
    recorder: NodeRecorder,
    leaves: Mapping[str, Any],
    instead: Instead,
) -> list[GradientStep]:
    """Return the steps of the way back, in the order of the call.

    Args:
        call: Calls the model and returns what is to be differentiated.
        recorder: Records the call.
        leaves: Inputs and parameters, by name; an embedding's result too.
        instead: What is handed on in the place of something else.
    """
    with recorder.recorder:
        total = call()
    nodes = _nodes(total.grad_fn)
    numbers = {id(node): number for number, node in enumerate(nodes)}
    targets = _targets(leaves)
    taken: dict[int, Any] = {}
    handed: dict[int, Any] = {}
    handles = [
        node.register_hook(_keep(numbers[id(node)], taken, handed, instead))
        for node in nodes
    ]
    wanted = [each for each in leaves.values() if each.requires_grad]
    torch.autograd.grad(total, wanted, allow_unused=True)
    for handle in handles:
        handle.remove()
    steps = []
    for number, node in enumerate(nodes):
        whose = [_whose(each, numbers, targets) for each, _ in node.next_functions]
        gave = handed.get(number, ())
        steps.append(
            GradientStep(
                site=recorder.site(node),
                taken=tuple(each for each in taken.get(number, ()) if each is not None),
                handed=tuple(gave[: len(whose)]) or (None,) * len(whose),
                targets=tuple(whose),
            )
        )
    return steps


def _nodes(last: Any) -> list[Any]:
    """Return autograd's nodes but the leaves, in the order in which they were made."""
    found: dict[int, Any] = {}
    pending = [last]
    while pending:
        node = pending.pop()
        if node is None or id(node) in found or hasattr(node, "variable"):
            continue
        found[id(node)] = node
        pending += [each for each, _ in node.next_functions]
    return sorted(found.values(), key=lambda node: node._sequence_nr())  # noqa: SLF001


def _targets(leaves: Mapping[str, Any]) -> dict[int, str]:
    """Return names by leaf, and by the node that made what is no leaf."""
    return {
        id(each) if each.is_leaf else id(each.grad_fn): name
        for name, each in leaves.items()
    }


def _whose(
    node: Any, numbers: Mapping[int, int], targets: Mapping[int, str]
) -> int | str | None:
    if node is None:
        return None
    if hasattr(node, "variable"):
        return targets.get(id(node.variable))
    return targets.get(id(node), numbers.get(id(node)))


def _keep(
    number: int, taken: dict[int, Any], handed: dict[int, Any], instead: Instead
) -> Callable[[Any, Any], Any]:
    """Return a hook that keeps what a node gets and gives, parts set to zero."""

    def keep(inputs: Any, outputs: Any) -> Any:
        fresh = [
            torch.from_numpy(instead[number, at]).to(each)
            if each is not None and (number, at) in instead
            else each
            for at, each in enumerate(inputs)
        ]
        taken[number] = [_array(each) for each in outputs]
        handed[number] = [_array(each) for each in fresh]
        return tuple(fresh) if any(key[0] == number for key in instead) else None

    return keep


def _array(value: Any) -> Array | None:
    return None if value is None else array(value)
