"""From a graph's description, as YAML holds it, to the graph.

    inputs:  {x: {shape: [3]}, y: {shape: [3]}}
    layers:  {head: {type: Dense, units: 1}}
    nodes:   {both: abs(x) + abs(y)}
    outputs: {score: head(both)}

`parts` reads the four sections, `naming` and `use` check the names in them, `instances` makes the
layers (`layer_types`, `arguments` and `objects` say which), `tensors` calls them, and `building`
does one after the other. Each of them notes problems and goes on with what is left.
"""
