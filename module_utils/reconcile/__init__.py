"""The core that all components share: observe AWS, compare, plan, apply, observe again."""
