"""Acting on a case from any page: forms made from the commands themselves.

How a page of another area uses it:

* in the template: ``{% import "acting/macros.html" as acting with context %}``, in ``head``
  ``{{ acting.head() }}``, in ``scripts`` ``{{ acting.scripts() }}``, once at the end of ``main``
  ``{{ acting.dialog() }}``; and ``{{ acting.button(case_no, kind) }}`` for one act or
  ``{{ acting.buttons(case_no, kinds) }}`` for all of ``usecases.staff.allowed``. A button's form is
  fetched into the dialog; without a script it is a page of its own;
* fields may be filled in by the address: ``acting.button(no, "grant_return", {"lead": code})``;
* after an act the event ``cityops:acted`` is dispatched on ``document`` (``detail``: case, kind,
  pending), and what carries ``data-live="case:NO"`` with ``data-live-get`` is fetched again.

Addresses: ``GET /cases/NO/act/KIND`` (the form), ``POST /cases/NO/act`` (``kind``, ``request_id``,
``seen`` and the fields). What is wrong comes back as the same form with what was typed: 422 for
fields, 403 and 409 for what the case refuses, 409 with what changed where somebody else was faster.
"""
