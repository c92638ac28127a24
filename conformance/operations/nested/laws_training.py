"""What the laws of layers inside layers ask: a layer, and a batch to train it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.operations.nested.oracle_training import InnerLayers
from conformance.trial.batch import Batch
from conformance.trial.draw import COTANGENTS, SIGNALS
from conformance.trial.precision import numpy_dtype
from conformance.trial.sample import cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

ROWS, TIME = 4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A layer to train, on a batch without padding.

    Attributes:
        subject: What is under test.
        batch: The inputs and the layer's weights.
        cotangent: What each answer is worth, in the check's dtype.
        stack: The weights, those that are trained and those that are not.
    """

    subject: Subject
    batch: Batch
    cotangent: Array
    stack: InnerLayers

    @classmethod
    def of(cls, subject: Subject, sample: Sample) -> Training:
        """Return the same question for each batch of one seed and turn."""
        draw = sample.draw("training")
        weights = make_distinct(sample.batch.weights)
        features = weights["first.kernel"].shape[0]
        batch = Batch(
            arrays={"x": draw.rows_of(SIGNALS, (ROWS, TIME, features))},
            mask=np.ones((ROWS, TIME), dtype=bool),
            weights=weights,
        )
        batch = cast(batch, subject.dtype)
        stack = InnerLayers.of(subject.variant.options["inner"], batch.weights)
        pull = draw.rows_of(COTANGENTS, (ROWS, TIME, len(stack.second[1])))
        cotangent = np.asarray(pull, numpy_dtype(subject.dtype))
        return cls(subject=subject, batch=batch, cotangent=cotangent, stack=stack)

    @property
    def first_position(self) -> Batch:
        """One position: what a layer tracks does not depend on its inputs."""
        return self.batch.take([0]).cut(slice(0, 1))

    def layer(self, batch: Batch | None = None) -> Any:
        """Return a new layer."""
        return self.subject.build_layer(batch or self.batch)

    def step(self, layer: Any) -> None:
        """Take one step of gradient descent."""
        framework = self.subject.framework
        tensors = self.subject.tensors(self.batch)
        pull = framework.tensor(self.cotangent)
        layer.step(*tensors, self.subject.mask(self.batch), pull)

    def answer(self, layer: Any) -> Array:
        """Return a layer's answer, as it is called by hand."""
        tensors = self.subject.tensors(self.batch)
        result = layer(*tensors, self.subject.mask(self.batch))
        shape = (ROWS, TIME, len(self.stack.second[1]))
        return self.subject.check_result(result, shape)

    def parameters(self, layer: Any) -> list[Array]:
        """Return what a layer trains."""
        return self._arrays(layer.parameters)

    def state(self, layer: Any) -> list[Array]:
        """Return what a layer holds and does not train, without whole counters."""
        found = self._arrays(layer.state)
        return [array for array in found if array.dtype.kind not in "biu"]

    def _arrays(self, tree: Any) -> list[Array]:
        framework = self.subject.framework
        return [framework.array(tensor) for tensor in framework.leaves(tree)]


def make_distinct(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return weights of the same shapes whose numbers are all different.

    They are exact in every dtype; variances are positive.
    """
    total = sum(array.size for array in weights.values())
    found, at = {}, 0
    for name, array in weights.items():
        # 5 is prime to every number of weights that the variants have.
        order = (5 * np.arange(at, at + array.size)) % total
        at += array.size
        values = (2.0 * order - total + 1 + (total % 2)) / 16
        values = np.abs(values) + 2 if name == "norm.variance" else values
        found[name] = values.reshape(array.shape)
    return found
