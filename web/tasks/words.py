"""What steps, bands and commands are called on the telephone."""

from collections.abc import Mapping

from usecases.task_list import Band, NextStep
from web.words import N_

STEPS: Mapping[NextStep, str] = {
    NextStep.SIGN_IN: N_("Accept the case"),
    NextStep.START: N_("Start handling"),
    NextStep.SUBMIT: N_("Submit the result"),
    NextStep.SIGN_IN_TASK: N_("Accept the task"),
    NextStep.REPORT_TASK: N_("Report the task done"),
    NextStep.REPLY: N_("Reply to the order"),
    NextStep.WAIT: N_("Others act now"),
}
BANDS: Mapping[Band, str] = {
    Band.OVERDUE: N_("Overdue"),
    Band.TODAY: N_("Due today"),
    Band.LATER: N_("Due later"),
    Band.WAITING: N_("Waiting for others"),
}
KINDS: Mapping[str, str] = {
    "sign_in": N_("Accept the case"),
    "start_handling": N_("Start handling"),
    "log_contact": N_("Contact with the reporter"),
    "request_return": N_("Return the case"),
    "request_extension": N_("Ask for more time"),
    "submit_result": N_("Submit the result"),
    "sign_in_task": N_("Accept the task"),
    "report_task": N_("Report the task done"),
    "reply_supervision": N_("Reply to the order"),
    "record_verification": N_("Say what was seen"),
    "record_check": N_("Record the check"),
}
"""Commands that pages of the street send, by name."""
CONTACTS: Mapping[str, str] = {"phone": N_("Phone"), "sms": N_("Text message"), "visit": N_("On site")}
SCRIPT_WORDS: Mapping[str, str] = {
    "waiting": N_("On this phone, not sent yet"),
    "refused": N_("Not taken"),
    "unsent": N_("{n} not sent"),
    "photo": N_("Photo"),
    "photo_wait": N_("Waiting for a line"),
    "photo_up": N_("{n} % sent"),
    "photo_done": N_("Arrived"),
    "photo_failed": N_("Failed; tap to try again"),
    "photo_bad": N_("This file is no picture that can be sent"),
    "remove": N_("Remove"),
    "from_phone": N_("No line: this page was kept on the phone"),
    "nothing": N_("Nothing waits to be sent"),
    "sign_in": N_("Sign in again to send"),
    "other": N_("Belongs to another account on this phone"),
    "again": N_("Send again"),
    "change": N_("Change and send"),
    "discard": N_("Discard"),
    "discard_sure": N_("Discard what was typed and its photos?"),
    "open": N_("Open the case"),
    "typed": N_("What you typed"),
    "server": N_("The server says"),
    "taken": N_("Kept on this phone: {n}"),
    "position": N_("Position ± {n} m"),
    "by_hand": N_("Position set by hand"),
    "locating": N_("Finding the position…"),
    "denied": N_("The phone gives no position; type it or move it by hand"),
    "metres": N_("{n} m away"),
    "km": N_("{n} km away"),
    "no_call": N_("No line: call details are not kept on the phone"),
    "saved": N_("Saved on this phone; it is sent as soon as there is a line"),
}
