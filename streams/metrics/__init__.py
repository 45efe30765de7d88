"""From a worker's state to `/metrics`.

Reading order, which is the data's way:

* `catalogue` - every exported metric, declared once;
* `snapshot`  - a picture of the numbers, taken on the event loop after each commit cycle;
* `labels`    - which values of a label keep their name;
* `tables`    - the picture summed and labelled (`trust`: what tells whether to believe it);
* `collector` - the tables as families of prometheus_client;
* `endpoint`  - the HTTP server;
* `exporter`  - all of it, for the worker.
"""

from streams.metrics.exporter import Exporter

__all__ = ["Exporter"]
