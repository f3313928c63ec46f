"""The compiled path: what a batch of messages goes through in machine code, one small module a stage.

    batch  →  cutting  →  screening  →  postings
    texts     words       how likely     the best products
    side by   (a trie)    a need is      that pass a filter
    side

``path`` joins the stages in one call, with making texts uniform (``folding``) before them and what words ask for
(``wanted``) before the search; its arguments are few and large (``packed``, ``workspace``). Everything here is numba on
numpy arrays, without the interpreter's lock, and has a plain counterpart that tests hold it against: jieba for
``cutting``, ``recommender.screening`` for ``screening``, ``recommender.index`` for ``postings``.
Where numba is missing or broken the plain counterparts do the work.
"""
