from __future__ import annotations

import pytest

from milepost.draft.languages import is_english
from milepost.draft.sentence import understand


@pytest.mark.parametrize(
    "statement",
    [
        "Vorhersage der Kündigung mit 80 % Genauigkeit",
        "Ich will wissen, wer in 30 Tagen kündigt",
        "Prédire le départ des clients avec 80 % de précision",
        "Predecir clientes que se van con 80% de exactitud",
        "预测客户流失，准确率80%",
        "Предсказать отток клиентов с точностью 80%",
    ],
)
def test_another_language_is_said_to_be_not_understood(statement):
    assert "Only English sentences are understood" in understand(statement).doubts[0]


@pytest.mark.parametrize(
    "statement", ["", "churn", "Predict churn at ACME GmbH und Co", "80%", "Predict sales of the Las Vegas shops"]
)
def test_english_with_a_foreign_name_is_english(statement):
    assert is_english(statement)
