/*
 * One document at the printer of the counter: jobs under keys, answers that are lost, a printer that prints late and forgets, a
 * program that dies, a person who stops waiting. README.md says what stands for what.
 */
#define JOBS 3		/* jobs 1 and 2; job 0 is none */
mtype = { None, Asked, Queued, Printed, Failed, Unknown, Held, Delivered, Stopped, Voided };
mtype doc = Held;
bool contradicted;	/* the register says otherwise by now */
byte prints;		/* the row: how many jobs, and how the last stands */
mtype st = None;
mtype job[JOBS] = None;	/* what is written of each job */
bool fresh[JOBS];	/* this process knows that the printer was never given it (neverGiven) */
byte kase[JOBS];	/* 件: 0 none, 1 open, 2 proven */
bool topr, look, ends[JOBS];	/* due items */
bool pbusy, lbusy;
byte crashes = 1, silent = 2;
/* The printer, of which nobody here knows but what it answers. */
byte has[JOBS];		/* 0 never had it, 1 has it, 2 printed it, 3 has forgotten it */
byte coming[JOBS];	/* sheets still to come */
byte out[JOBS];		/* sheets that came */

#ifdef NO_WAIT
#define WAITS false
#else
#define WAITS (doc == Held && (st == Asked || st == Queued))
#endif
#define TRULYWAITS (doc == Held && (st == Asked || st == Queued))

#ifdef NO_CASE
#define CASE(k) skip
#else
#define CASE(k) if :: kase[k] == 0 -> kase[k] = 1 :: else fi
#endif

#ifdef NO_KEYCHECK
#define MINE true
#else
#define MINE (key == prints)	/* what is answered is of the job that was asked about */
#endif

#define SHEETS(k) (out[k] + coming[k])
/* What came of a job is known of the last that was printed, and of one that printed nothing; the paper of an earlier one lies somewhere. */
#define KNOWN(k) ((k == prints && job[k] == Printed && SHEETS(k) == 1) || (job[k] == Failed && SHEETS(k) == 0))
#define SAFE(k) (job[k] == None || (k == prints && TRULYWAITS) || KNOWN(k) || kase[k] != 0 || doc == Voided)

active proctype monitor() {
end:	atomic { !(SAFE(1) && SAFE(2)) -> assert(false) }
}

active proctype register() {
end:	atomic { !contradicted -> contradicted = true }
}

active proctype printer() {
end:	do
	:: atomic { coming[1] > 0 -> coming[1]--; out[1]++; has[1] = 2 }
	:: atomic { coming[2] > 0 -> coming[2]--; out[2]++; has[2] = 2 }
	:: atomic { has[1] == 2 && coming[1] == 0 -> has[1] = 3 }
	:: atomic { has[2] == 2 && coming[2] == 0 -> has[2] = 3 }
	od
}

#define WRITE(s) st = s; job[prints] = s

active proctype lane() {		/* brings jobs to the printer */
	byte key; bool first, again, stop; mtype res;
end:	do
	:: atomic { topr && !pbusy -> pbusy = true;
		if
		:: !(doc == Held && (st == Asked || st == Queued)) -> topr = false; pbusy = false; goto idle
		:: else -> key = prints; stop = contradicted; res = Queued;
#ifdef NO_FRESH
			first = true		/* each attempt is taken for the first */
#else
			first = fresh[key]
#endif

		fi }
#ifdef NO_DUE
	atomic { topr = false }
#endif
	if
	:: atomic { stop -> skip }
	:: atomic { !stop -> fresh[key] = false;
		again = !first;
		if
		:: silent > 0 -> silent--; res = (first -> Failed : Queued)		/* nobody answers, nothing went out */
#ifndef NO_KEY
		:: has[key] == 1 -> res = Queued					/* found again by its key */
		:: has[key] == 2 -> res = Printed
#ifndef NO_JOBAGAIN
		:: again && (has[key] == 0 || has[key] == 3) -> res = Unknown		/* it may have been printed, and be forgotten */
#else
		:: again && (has[key] == 0 || has[key] == 3) -> has[key] = 1; coming[key]++; res = Queued
#endif
		:: !again && has[key] == 0 -> has[key] = 1; coming[key]++; res = Queued	/* also when the answer is lost */
#else
		:: SHEETS(key) < 2 -> has[key] = 1; coming[key]++; res = Queued
#endif
		fi }
	fi;
	if
	:: atomic { crashes > 0 -> crashes--; fresh[1] = false; fresh[2] = false; pbusy = false; goto idle }
	:: true
	fi;
	atomic {
		topr = false; pbusy = false;
		if
		:: doc != Held -> skip
		:: doc == Held && stop ->
#ifndef NO_GIVEN
			if
			:: !first -> WRITE(Unknown); CASE(prints)	/* an attempt before may have given it */
			:: else -> WRITE(Failed)
			fi;
#else
			WRITE(Failed);
#endif
			doc = Stopped
		:: doc == Held && !stop && TRULYWAITS && MINE ->
			WRITE(res);
			if
			:: res == Unknown -> CASE(prints)
			:: res == Queued -> look = true
			:: else
			fi
		:: else
		fi }
idle:	atomic { key = 0; first = false; again = false; stop = false; res = None }
	od
}

active proctype looking() {		/* asks how the job stands; the other lane */
	byte key; mtype res;
end:	do
	:: atomic { look -> look = false;
		if
		:: TRULYWAITS -> key = prints
		:: else -> goto idle
		fi }
	atomic {
		if
		:: silent > 0 -> silent--; res = Queued
		:: has[key] == 1 -> res = Queued
		:: has[key] == 2 -> res = Printed
		:: has[key] == 0 || has[key] == 3 -> res = Unknown
		fi }
	atomic {
		if
		:: doc == Held && TRULYWAITS && MINE ->
			WRITE(res);
			if
			:: res == Unknown -> CASE(prints)
			:: res == Queued -> look = true
			:: else
			fi
		:: else
		fi }
idle:	atomic { key = 0; res = None }
	od
}

#ifndef NO_ENDS
active proctype patience() {		/* ten minutes may pass before or after anything else */
	byte k;
end:	do
	:: atomic { ends[1] -> ends[1] = false; k = 1; if :: TRULYWAITS && prints == 1 -> WRITE(Unknown); CASE(1) :: else fi }
	:: atomic { ends[2] -> ends[2] = false; k = 2; if :: TRULYWAITS && prints == 2 -> WRITE(Unknown); CASE(2) :: else fi }
	od
}
#endif

active proctype clerk() {
	do
	:: atomic { doc == Held && !WAITS && prints < 2 && !contradicted ->
#ifndef NO_REPRINT
		if
		:: prints > 0 && st != Failed -> CASE(prints)
		:: else
		fi;
#endif
		prints++; WRITE(Asked); fresh[prints] = true; topr = true; ends[prints] = true }
	:: atomic { doc == Held && !WAITS && contradicted ->
		if
		:: prints > 0 -> CASE(prints)
		:: else
		fi;
		doc = Stopped }
	:: atomic { doc == Held && !WAITS && !contradicted && (prints > 1 || (prints == 1 && st != Failed)) -> doc = Delivered }
	:: atomic { doc == Held && !WAITS && prints > 0 -> doc = Voided }	/* with the proof */
	:: atomic { kase[1] == 1 -> kase[1] = 2 }
	:: atomic { doc != Held -> break }
	od
}
