"""The shell: the pure engine inside a Faust worker, on Kafka.

Reading order, which is the data's way:

* `connection`, `topics`       - how to reach the broker, and which topics there are;
* `transport`                  - records arrive in batches, from restored partitions only;
* `partitions`                 - the partitions this worker owns, and their state;
* `journal`                    - the port that makes a partition durable, and its three
  implementations `exactly_once`, `at_least_once` (over `changelog`) and `memory`;
* `recognition`, `stalls`      - whether a source is still the one that was read; what hangs;
* `worker`                     - all of it in one Faust app, and the commit cycle;
* `embedded`                   - the broker of `deskpulse demo`.
"""
