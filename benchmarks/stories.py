"""What happens to the contracts whose MRR events are made; see history.py."""

# What happens to contracts, in quarters of the MRR they begin with: days since the
# start, kind, MRR, contracts, status, whose it is (0 first, 1 second salesperson), plan
# (likewise), and contract (1 is the renewal).
STORIES = (
    (  # grows, and shrinks a little
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (60, "expansion", 2, 0, "progress", 0, 0, 0),
        (200, "expansion", 2, 0, "progress", 0, 0, 0),
        (300, "contraction", -1, 0, "progress", 0, 0, 0),
        (700, "expansion", 3, 0, "progress", 0, 0, 0),
        (1100, "expansion", 1, 0, "progress", 0, 0, 0),
    ),
    (  # ends
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (90, "expansion", 2, 0, "progress", 0, 0, 0),
        (240, "contraction", -1, 0, "progress", 0, 0, 0),
        (400, "churn", -5, -1, "progress", 0, 0, 0),
    ),
    (  # ends and comes back
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (120, "contraction", -2, 0, "progress", 0, 0, 0),
        (180, "churn", -2, -1, "progress", 0, 0, 0),
        (240, "reactivation", 2, 1, "progress", 0, 0, 0),
        (600, "expansion", 2, 0, "progress", 0, 0, 0),
    ),
    (  # moves to another salesperson, then to another plan
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (150, "transfer", -4, -1, "progress", 0, 0, 0),
        (150, "transfer", 4, 1, "progress", 1, 0, 0),
        (320, "transfer", -4, -1, "progress", 1, 0, 0),
        (320, "transfer", 4, 1, "progress", 1, 1, 0),
        (320, "expansion", 1, 0, "progress", 1, 1, 0),
    ),
    (  # is paused
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (100, "transfer", -4, -1, "progress", 0, 0, 0),
        (100, "transfer", 4, 1, "paused", 0, 0, 0),
        (160, "transfer", -4, -1, "paused", 0, 0, 0),
        (160, "transfer", 4, 1, "progress", 0, 0, 0),
        (500, "expansion", 2, 0, "progress", 0, 0, 0),
    ),
    (  # is renewed, and ends
        (0, "new", 4, 1, "progress", 0, 0, 0),
        (180, "expansion", 1, 0, "progress", 0, 0, 0),
        (365, "transfer", -5, -1, "progress", 0, 0, 0),
        (365, "transfer", 5, 1, "progress", 0, 0, 1),
        (365, "expansion", 1, 0, "progress", 0, 0, 1),
        (730, "churn", -6, -1, "progress", 0, 0, 1),
    ),
)
# How many contracts of 20 have which story.
SHARES = (6, 5, 2, 3, 2, 2)
