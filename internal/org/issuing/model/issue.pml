/*
 * The way of a document from the application to the hands of who asked (証明書の発行). What each step stands for in the
 * code, and which safeguard is which macro, is in README.md. A step in atomic is a transaction: it happens whole or not at all,
 * so that a crash is whatever happens between two of them, and what a node had in memory is lost with it.
 */
#define GIVES(v, r) (v == 0 && reg[r] == 0)	/* the register bears it out: version 0 is valid, version 1 cancelled */
#define TO 2					/* two applicants, A and B; two nodes of the server */

byte reg[TO];		/* the register: the version that it is at */
byte copy[TO];		/* the issuing server's copy (随時連携), late */

mtype = { Nothing, Sent, Asked, Answered, Ready, Issued, Refused, Applied, Held, Printed, Delivered, Stopped };
mtype srv[TO] = Nothing;	/* the request at the server, in the database that both nodes share */
byte asked[TO];			/* what the register answered */
byte drawn[TO];			/* the version that was written down with what is to be signed */
bool due[TO];			/* the row that says: sign this */
mtype doc[TO] = Nothing;	/* the document at the counter */
bool sent[TO];			/* the file is on its way to the counter */
byte fwho[TO], fver[TO];	/* whose page, of which version, is in the file of this request */
bool was[TO];			/* ghost: cancelled in the register before it was applied for */
byte crashes = 2;

#if defined(K1) || defined(K2) || defined(K3) || defined(K7) || defined(LOCKED)
#define SHARED			/* as it was: the file lies for a while under a name that others use too */
byte swho[TO], sver[TO];
#endif
byte second;			/* K3: the clock by which a file is named */
bool locked[TO];

#if defined(K7)
#define LOCK locked[me]		/* each node has a lock of its own */
#else
#define LOCK locked[0]
#endif

active proctype register() {
	byte r;
end:	do
	:: atomic { reg[0] == 0 -> reg[0] = 1 }
	:: atomic { reg[1] == 0 -> reg[1] = 1 }
	:: atomic { srv[0] == Asked -> asked[0] = reg[0]; srv[0] = Answered }	/* standing, asked for each document */
	:: atomic { srv[1] == Asked -> asked[1] = reg[1]; srv[1] = Answered }
	od
}

active proctype sync() {	/* it is late, and may come at any moment or never */
end:	do
	:: atomic { copy[0] != reg[0] -> copy[0] = reg[0];
#ifdef K2
		locked[0] = false			/* and wrongly ends the waiting of a print */
#endif
	}
	:: atomic { copy[1] != reg[1] -> copy[1] = reg[1];
#ifdef K2
		locked[0] = false
#endif
	}
#ifdef K3
	:: atomic { second == 0 -> second = 1 }
#endif
	od
}

#define CRASH atomic { crashes > 0 -> crashes--; goto crashed }

active [TO] proctype node() {
	byte r, who, ver, name, me = _pid - 2;
	bool no, mine;
end:	do
	:: atomic { srv[0] == Sent -> r = 0; goto take }
	:: atomic { srv[1] == Sent -> r = 1; goto take }
	:: atomic { srv[0] == Answered -> r = 0; goto decide }
	:: atomic { srv[1] == Answered -> r = 1; goto decide }
	:: atomic { due[0] -> r = 0; goto sign }
	:: atomic { due[1] -> r = 1; goto sign }
take:	atomic {
		if
		:: srv[r] == Sent -> srv[r] = Asked
		:: else
		fi
	}
	goto idle;
decide:	atomic {
		if
		:: srv[r] == Answered ->
			if
#ifndef NO_ASK
			:: asked[r] != copy[r] || asked[r] != 0 -> srv[r] = Refused
#endif
			:: copy[r] != 0 -> srv[r] = Refused
			:: else -> drawn[r] = copy[r]; srv[r] = Ready; due[r] = true
			fi
		:: else
		fi
	}
	goto idle;
sign:	atomic {							/* Prepare */
#ifdef NO_DUE
		due[r] = false;						/* who takes it has it in memory alone */
#endif
		no = false; who = r; ver = copy[r];
#ifndef NO_AGAIN
		no = (copy[r] != drawn[r])
#endif
	}
	if
	:: CRASH
	:: true
	fi;
#ifdef SHARED								/* Outside, as it was */
#ifndef K3
	if
	:: atomic { !LOCK -> LOCK = true; mine = true }
#ifdef K1
	:: atomic { LOCK -> skip }	/* the waiting was too long: the order lock is released, the job is not */
#endif
	fi;
	name = 0;
#else
	name = second;
#endif
	atomic { swho[name] = who; sver[name] = ver }
	if
	:: CRASH
	:: true
	fi;
	atomic { who = swho[name]; ver = sver[name] }
	atomic { if :: mine -> LOCK = false; mine = false :: else fi }
#endif
	atomic {							/* the gate judges the finished file */
		skip;
#ifndef NO_SERVERGATE
		no = no || who != r || ver != drawn[r]
#endif
	}
	if
	:: CRASH
	:: true
	fi;
	atomic {							/* Finish */
		if
#ifndef NO_CAS
		:: srv[r] != Ready -> skip				/* the other node has done it */
#endif
		:: else ->
#ifndef NO_AGAIN
			no = no || copy[r] != drawn[r];
#endif
			if
			:: no -> srv[r] = Refused
			:: else ->
#ifdef P_ONCE
				assert(srv[r] == Ready);
#endif
#ifdef P_SENT
				assert(copy[r] == drawn[r]);
#endif
#ifdef P_ASKED
				assert(!was[r]);
#endif
				srv[r] = Issued; fwho[r] = who; fver[r] = ver; sent[r] = true
			fi
		fi;
		due[r] = false
	}
	goto idle;
crashed: atomic {
		if :: mine -> LOCK = false; mine = false :: else fi;
	}
idle:	atomic { r = 0; who = 0; ver = 0; name = 0; no = false }
	od
}

#define CONTRADICTED (fwho[r] != r || !GIVES(fver[r], r))

active [TO] proctype counter() {
	byte r = _pid - 4;
	bool late;
	atomic { was[r] = (reg[r] != 0); doc[r] = Applied; srv[r] = Sent }
	if
	:: atomic { sent[r] -> doc[r] = Held;
#ifndef NO_ARRIVAL
		if :: CONTRADICTED -> doc[r] = Stopped :: else fi;
#endif
#ifdef P_HELD
		assert(doc[r] != Held || !CONTRADICTED)
#endif
		}
	:: atomic { srv[r] == Refused -> doc[r] = Refused }
#ifndef NO_LAPSE
	:: atomic { !sent[r] -> doc[r] = Refused; late = true }		/* and what comes later is given to nobody */
#endif
	fi;
	if
	:: atomic { doc[r] == Held ->
#ifndef NO_BEFORE
		if :: CONTRADICTED -> doc[r] = Stopped :: else -> doc[r] = Printed fi;
#else
		doc[r] = Printed;
#endif
#ifdef P_PRINTED
		assert(doc[r] != Printed || !CONTRADICTED)
#endif
		}
	:: else
	fi;
	if
	:: atomic { doc[r] == Printed ->
#ifndef NO_HANDOVER
		if :: CONTRADICTED -> doc[r] = Stopped :: else -> doc[r] = Delivered fi;
#else
		doc[r] = Delivered;
#endif
#ifdef P_HANDS
		assert(doc[r] != Delivered || fwho[r] == r);
#endif
#ifdef P_REGISTER
		assert(doc[r] != Delivered || !CONTRADICTED)
#endif
		}
	:: else
	fi
}
