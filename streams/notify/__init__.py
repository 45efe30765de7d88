"""From `sla-transitions` to Alertmanager, ticket by ticket and at once.

Reading order, which is the data's way:

* `told`         - one record of the topic;
* `books`        - which instances of clocks are at risk or breached, from all of them;
* `alerts`       - what is said of one: labels, text and links;
* `outbox`       - what one Alertmanager has to be sent, and when again;
* `alertmanager` - sending it, over HTTP, until it is acknowledged;
* `notifier`     - all of it, for the command.

Nothing is kept on disk and nothing is committed: what is open follows from the topic, and
Alertmanager takes the same alert any number of times. So a notifier may be killed at any
instant, and two may run side by side.
"""
