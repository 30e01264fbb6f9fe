"""An organization as its owner sees it: what it has and uses, its children, its keys."""
