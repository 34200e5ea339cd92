"""E-mail subscriptions that wait for their confirmation, and cannot be ended before it. MiniStack takes them for confirmed.

No mail is sent: what the topics are told is written down, a message a line, for whoever wants to read it.
"""

import json
import os

from ministack.services import sns

from replace import existing, replace


def _subscriptions(params) -> list[dict]:
    topic, _ = sns._get_topic(sns._p(params, "TopicArn"))
    return topic["subscriptions"] if topic else []


def install() -> None:
    open(os.environ["SANDBOX_MESSAGES"], "w").close()
    existing(sns, "_get_topic", "topic_arn action")
    existing(sns, "_find_subscription", "topic_arn sub_arn")
    existing(sns, "_refresh_subscription_counts", "topic")

    @replace(sns, "_subscribe", "params")
    def subscribe(original, params):
        before = [each["arn"] for each in _subscriptions(params)]
        response = original(params)
        if response[0] != 200 or sns._p(params, "Protocol") != "email":
            return response
        for each in _subscriptions(params):
            if each["arn"] not in before:
                each.update(confirmed=False, token=sns.new_uuid())
                each["attributes"].update(PendingConfirmation="true", ConfirmationWasAuthenticated="false")
        sns._refresh_subscription_counts(sns._get_topic(sns._p(params, "TopicArn"))[0])
        found = next(each for each in _subscriptions(params) if each["endpoint"] == sns._p(params, "Endpoint"))
        told = found["confirmed"] or sns._p(params, "ReturnSubscriptionArn") == "true"
        arn = found["arn"] if told else "pending confirmation"
        answer = f"<SubscribeResult><SubscriptionArn>{arn}</SubscriptionArn></SubscribeResult>"
        return sns._xml(200, "SubscribeResponse", answer)

    @replace(
        sns,
        "_fanout",
        "topic_arn msg_id message subject message_structure message_attributes message_group_id message_dedup_id",
    )
    def fanout(original, topic_arn, msg_id, message, *rest, **options):
        with open(os.environ["SANDBOX_MESSAGES"], "a") as file:
            file.write(json.dumps(message) + "\n")
        original(topic_arn, msg_id, message, *rest, **options)

    @replace(sns, "_list_subscriptions_by_topic", "params")
    def list_subscriptions_by_topic(original, params):
        status, headers, body = original(params)
        for each in _subscriptions(params):
            if not each["confirmed"]:
                body = body.replace(f">{each['arn']}<".encode(), b">PendingConfirmation<")
        return status, headers, body

    @replace(sns, "_unsubscribe", "params")
    def unsubscribe(original, params):
        arn = sns._p(params, "SubscriptionArn")
        topic_arn = sns._sub_arn_to_topic.get(arn)
        found = sns._find_subscription(topic_arn, arn) if topic_arn else None
        if found and not found["confirmed"]:
            # The sentence by which the AWS provider knows that there is nothing to delete (topic_subscription.go).
            reason = "SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation"
            return sns._error("InvalidParameter", f"Invalid parameter: {reason}", 400)
        return original(params)
