"""What the city tells people, and how it reaches them: texts, channels, outcomes.

Nothing here stores anything. The outbox row of a notice belongs to the store; its relay
builds a ``Message`` from the row, calls ``notifications.delivery.deliver`` and writes the
``DeliveryOutcome`` back.
"""
