"""What the layers are for; what they do with padding is test_masking's."""

import torch

import seqlayers


def test_a_tagger_learns_the_sign_of_its_input() -> None:
    torch.manual_seed(0)
    x = torch.randn(16, 6, 1)
    mask = torch.arange(6) < torch.randint(1, 7, (16, 1))
    tags = (x[..., 0] > 0).long()
    tagger = seqlayers.Tagger(1, 4, 2)
    optimizer = torch.optim.Adam(tagger.parameters(), lr=0.05)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = seqlayers.tagging_loss(tagger(x, mask), tags, mask)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 < losses[0]


def test_pooling_makes_one_vector_of_a_row() -> None:
    x = torch.tensor([[[1.0, -2.0], [3.0, -4.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, False]])
    assert seqlayers.mean_pool(x, mask).tolist() == [[2.0, -3.0]]
    assert seqlayers.max_pool(x, mask).tolist() == [[3.0, -2.0]]
