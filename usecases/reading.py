"""What people and programs read, by what they may: cases, what hangs on them, alarms, devices, inboxes.

``who`` is whoever is signed in. None is nobody in particular: only the demonstration reads like
that, and sources that were let in by their key; the door of each endpoint sees to it.
"""

from dataclasses import replace

from domain.account import Permission, Principal
from domain.alarm import Alarm
from domain.views import CaseFilter, CasePage, CaseView, Timeline
from store.rows import BoxPage, StoredReport
from store.rows_alarms import AlarmFilter, AlarmPage
from store.rows_desk import AttachmentRow, SaidRow
from store.rows_devices import DeviceFilter, DevicePage
from usecases import alarm_desk, devices, docks, media, queries, supplements
from usecases.alarm_desk import DeviceAlarms
from usecases.alarm_desk import Shown as ShownAlarm
from usecases.city import City
from usecases.devices import DeviceDetail, NewDevice
from usecases.docks import DockedTask
from usecases.media import MediaFile, Shown
from usecases.permits import ground_scope_of, may_see, on_ground, own_units, permit, scope_of, sees
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import ReportStatus
from usecases.reporters import knows_all
from usecases.reports_of_case import CaseReport, case_reports

Who = Principal | None


def cases(*, city: City, who: Who, where: CaseFilter, limit: int, cursor: str | None) -> CasePage:
    """Return a page of the cases in somebody's scope. Raises BadRequest (not_permitted, bad_cursor)."""
    if who is not None:
        where = replace(where, scope=scope_of(city=city, who=who))
    return queries.list_cases(city=city, where=where, limit=limit, cursor=cursor)


def case(*, city: City, who: Who, case_no: str) -> CaseView:
    """Return a case in scope; what its reporter was asked and said only to who may know reporters. Raises BadRequest."""
    view = queries.case_view(city=city, case_no=case_no)
    return view if who is None else _shown(city, who, view)


def history(*, city: City, who: Who, case_no: str) -> Timeline:
    """Return a case in scope with every recorded fact. Raises BadRequest."""
    timeline = queries.case_history(city=city, case_no=case_no)
    return timeline if who is None else replace(timeline, case=_shown(city, who, timeline.case))


def reports(*, city: City, who: Who, case_no: str) -> list[CaseReport]:
    """Return the reports of a case in scope, without anything personal. Raises BadRequest."""
    _in_scope(city, who, case_no, Permission.SEE_CASES)
    return case_reports(city=city, case_no=case_no)


def said(*, city: City, who: Who, case_no: str) -> list[SaidRow]:
    """Return what reporters added to a case in scope, in their words. Raises BadRequest.

    Words may be personal: whoever may know reporters reads them, and those of somebody who asked
    to stay unnamed only the desk's side.
    """
    view = _in_scope(city, who, case_no, Permission.SEE_REPORTERS)
    rows = supplements.said_in_case(city=city, case_no=case_no)
    if who is None or knows_all(city=city, who=who, view=view):
        return rows
    unnamed = _unnamed(city, view)
    return [row for row in rows if row.report_no not in unnamed]


def attachments(*, city: City, who: Who, case_no: str) -> list[Shown]:
    """Return what is attached to a case in scope and to its reports. Raises BadRequest."""
    view = _in_scope(city, who, case_no, Permission.SEE_CASES)
    found = media.media_of_case(city=city, case_no=case_no)
    if who is None:
        return found
    hidden = _unnamed(city, view) if not knows_all(city=city, who=who, view=view) else frozenset()
    return [one for one in found if one.row.report_no not in hidden]


def original(*, city: City, who: Who, attachment_id: str) -> MediaFile:
    """Return an attachment as it came. Raises BadRequest.

    What a reporter sent may show or name them, so it is for whoever may know reporters; what
    staff made on site for whoever sees the case.
    """
    if who is None:
        return media.media_file(city=city, attachment_id=attachment_id, original=True)
    permit(who, Permission.SEE_CASES)
    row = city.store.attachment(id=attachment_id) if media.is_id(attachment_id) else None
    if row is None:
        raise BadRequest(ProblemCode.ATTACHMENT_NOT_FOUND, id=media.plain_name(attachment_id)[:40])
    _may_open(city, who, row)
    return media.media_file(city=city, attachment_id=attachment_id, original=True)


def docked(*, city: City, who: Who, case_no: str) -> list[DockedTask]:
    """Return what of a case in scope lies with units' own systems. Raises BadRequest."""
    _in_scope(city, who, case_no, Permission.SEE_CASES)
    return docks.docks_of(city=city, case_no=case_no)


def report(*, city: City, who: Who, source: str | None, report_no: str) -> ReportStatus:
    """Return where a report stands: a source its own, people those in their scope. Raises BadRequest."""
    missing = BadRequest(ProblemCode.REPORT_NOT_FOUND, report_no=report_no[:40])
    if source is not None:
        supplements.filed_report(city=city, report_no=report_no, source=source)
    found = queries.report_status(city=city, report_no=report_no)
    if found is None:
        raise missing
    if who is not None:
        _in_scope(city, who, found.case_no, Permission.SEE_CASES)
    return found


def filed(*, city: City, who: Who, report_no: str, source: str | None) -> StoredReport:
    """Return a report that something is added to: a source's own, or one whose case is in scope. Raises BadRequest."""
    found = supplements.filed_report(city=city, report_no=report_no, source=source)
    if who is not None:
        _in_scope(city, who, found.belongs_to, Permission.SEE_CASES)
    return found


def messages(*, city: City, who: Who, unit: str, limit: int, cursor: str | None) -> BoxPage:
    """Return the inbox of one's own unit, newest first. Raises BadRequest."""
    if who is not None:
        permit(who, Permission.SEE_CASES)
        known = city.pack.tree.find(unit) is not None
        if known and unit not in own_units(city=city, who=who):
            raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=unit[:60])
    return queries.unit_messages(city=city, unit=unit, limit=limit, cursor=cursor)


def alarms(*, city: City, who: Who, where: AlarmFilter, limit: int, cursor: str | None) -> AlarmPage:
    """Return a page of the alarms in somebody's scope. Raises BadRequest."""
    if who is not None:
        where = replace(where, scope=ground_scope_of(city=city, who=who, permission=Permission.ALARMS))
    return alarm_desk.listed(city=city, where=where, limit=limit, cursor=cursor)


def alarm(*, city: City, who: Who, alarm_no: str) -> ShownAlarm:
    """Return an alarm in scope with its facts; of a storm the alarms in it that are. Raises BadRequest."""
    found = alarm_desk.shown(city=city, alarm_no=alarm_no)
    if who is None:
        return found
    if not sees_alarm(city=city, who=who, alarm=found.alarm):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=alarm_no)
    children = tuple(one for one in found.children if sees_alarm(city=city, who=who, alarm=one))
    return replace(found, children=children)


def sees_alarm(*, city: City, who: Principal, alarm: Alarm) -> bool:
    """Tell whether an alarm is in somebody's scope. Raises BadRequest (not_permitted)."""
    scope = ground_scope_of(city=city, who=who, permission=Permission.ALARMS)
    return on_ground(scope=scope, unit=alarm.unit, chain=dict(alarm.chain))


def device_list(*, city: City, who: Who, where: DeviceFilter, limit: int, cursor: str | None) -> DevicePage:
    """Return a page of the devices in somebody's scope. Raises BadRequest."""
    if who is not None:
        where = replace(where, scope=ground_scope_of(city=city, who=who, permission=Permission.ALARMS))
    return devices.listed(city=city, where=where, limit=limit, cursor=cursor)


def device(*, city: City, who: Who, source: str, code: str) -> DeviceDetail:
    """Return a device in scope with its windows. Raises BadRequest."""
    found = devices.detail(city=city, source=source, code=code)
    if who is not None:
        scope = ground_scope_of(city=city, who=who, permission=Permission.ALARMS)
        if not on_ground(scope=scope, unit=found.row.device.unit, chain=dict(found.row.device.chain)):
            raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=f"{source}/{code}"[:120])
    return found


def device_alarms(*, city: City, who: Who, source: str, code: str) -> DeviceAlarms:
    """Count what became of a device's alarms. Raises BadRequest."""
    if who is not None:
        device(city=city, who=who, source=source, code=code)
    return alarm_desk.device_alarms(city=city, source=source, device=code)


def _in_scope(city: City, who: Who, case_no: str, permission: Permission) -> CaseView:
    if who is not None:
        permit(who, permission)
    view = queries.case_view(city=city, case_no=case_no)
    if who is not None and not sees(scope=scope_of(city=city, who=who, permission=permission), view=view):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=case_no)
    return view


def _shown(city: City, who: Principal, view: CaseView) -> CaseView:
    may_see(city=city, who=who, view=view)
    return shown(city=city, who=who, view=view)


def shown(*, city: City, who: Principal, view: CaseView) -> CaseView:
    """Return a case as somebody may know it: what its reporter was asked and said is for few."""
    info = view.aspects.info
    if info is None or (who.may(Permission.SEE_REPORTERS) and knows_reporters(city, who, view)):
        return view
    return replace(view, aspects=replace(view.aspects, info=replace(info, question="", answers=())))


def knows_reporters(city: City, who: Principal, view: CaseView) -> bool:
    """Tell whether somebody may know who reported this case, and what they were asked and said."""
    scope = scope_of(city=city, who=who, permission=Permission.SEE_REPORTERS)
    return sees(scope=scope, view=view)


def _unnamed(city: City, view: CaseView) -> frozenset[str | None]:
    """Return the reports of a case whose reporters asked to stay unnamed."""
    found = city.store.reports_of(case_no=view.case_no)
    return frozenset(one.report_no for one in found if one.reporter.confidential or one.reporter.anonymous)


def _may_open(city: City, who: Principal, row: AttachmentRow) -> None:
    filed = city.store.report(report_no=row.report_no) if row.report_no else None
    case_no = row.case_no if filed is None else filed.belongs_to
    permission = Permission.SEE_CASES if row.case_no else Permission.SEE_REPORTERS
    view = _in_scope(city, who, case_no or "", permission)
    if filed is None:
        return
    unnamed = filed.reporter.confidential or filed.reporter.anonymous
    if unnamed and not knows_all(city=city, who=who, view=view):
        raise BadRequest(ProblemCode.REPORTER_WITHHELD)


def may_register(*, city: City, who: Who, ask: NewDevice) -> None:
    """Let somebody register a device that will stand, and stands now, in their scope. Raises BadRequest."""
    if who is None:
        return
    scope = ground_scope_of(city=city, who=who, permission=Permission.ALARMS)
    known = city.store.device(source=ask.source, code=ask.code)
    standing = devices.locate(pack=city.pack, atlas=city.grounds.atlas, reported=ask.place, at=city.now())
    # Where it cannot be located the registration itself says so.
    places = [] if isinstance(standing, str) else [(ask.unit, dict(standing.chain))]
    if known is not None:
        places.append((known.device.unit, dict(known.device.chain)))
    if not all(on_ground(scope=scope, unit=unit, chain=chain) for unit, chain in places):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=f"{ask.source}/{ask.code}"[:120])
