"""A graph as a drawing: what is drawn (`plan`), as Mermaid's text, as Graphviz's and as SVG."""
