"""Bundle files to answers, for one row and for a million, with the same bits.

Needs numpy, Polars and LightGBM's library; nothing of scikit-learn, pandas or MLflow.
"""
