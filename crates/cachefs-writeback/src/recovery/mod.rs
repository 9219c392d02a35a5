//! What a journal says after its owner is gone, and putting it right.
