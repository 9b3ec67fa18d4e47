// The shapes of the public HTTP API, as both pages read them.

/**
 * @typedef {object} Citation
 * @property {string} article_id
 * @property {string} title
 * @property {string} quote
 * @property {string=} url
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {number} seq
 * @property {"customer"|"assistant"|"agent"|"system"} author
 * @property {string=} author_name
 * @property {string} text
 * @property {string} at
 * @property {Citation[]=} citations
 * @property {string=} turn_id
 * @property {boolean=} withheld
 *
 * @typedef {object} Option
 * @property {string} id
 * @property {string} label
 *
 * @typedef {object} Proposal
 * @property {string} action
 * @property {Record<string, unknown>} arguments
 * @property {string} summary
 *
 * @typedef {object} Awaiting
 * @property {"identify"|"slot"|"choice"|"confirm"|"anything_else"|"handoff"|"none"} kind
 * @property {string=} slot
 * @property {Option[]=} options
 * @property {Proposal=} proposal
 *
 * @typedef {"open"|"waiting_for_agent"|"with_agent"|"resolved"} Status
 *
 * @typedef {object} Conversation
 * @property {string} id
 * @property {Status} status
 * @property {string} locale
 * @property {string=} market
 * @property {string} created_at
 * @property {Message[]} messages
 * @property {Awaiting} awaiting
 * @property {string=} agent_name
 *
 * @typedef {object} Done
 * @property {string} action
 * @property {string} receipt_id
 * @property {Record<string, unknown>=} arguments
 *
 * @typedef {object} Reply
 * @property {string} conversation_id
 * @property {string} turn_id
 * @property {Status} status
 * @property {Message[]} messages
 * @property {Awaiting} awaiting
 * @property {{flow: string, reason_code: string}[]=} refused
 * @property {Done[]=} done
 * @property {Stage[]=} stages
 *
 * @typedef {object} Stage
 * @property {string} stage
 * @property {number} ms
 * @property {string} summary
 * @property {Record<string, unknown>=} detail
 *
 * @typedef {object} Turn
 * @property {string} turn_id
 * @property {string} at
 * @property {Stage[]} stages
 *
 * @typedef {object} Health
 * @property {string} status
 * @property {string=} version
 * @property {string=} rung
 * @property {Understanding=} understanding
 * @property {{name: string, hash: string}=} pack
 * @property {{configured: boolean, name?: string}=} model
 * @property {boolean=} demo
 * @property {{name: string}=} company
 *
 * @typedef {object} Understanding
 * @property {"words" | "learning" | "ready"} meaning
 * @property {number} languages
 * @property {number} of
 * @property {{part: "own" | "others", done: number, of: number}=} learning
 *
 * @typedef {object} Session
 * @property {string} token
 * @property {string} expires_at
 * @property {string} session_id
 *
 * @typedef {object} DemoCustomer
 * @property {string} id
 * @property {string} name
 * @property {string=} email
 * @property {string=} postal_code
 * @property {string=} story
 *
 * @typedef {object} OutboxMessage
 * @property {string} at
 * @property {string} channel
 * @property {string} to
 * @property {string} text
 *
 * @typedef {object} DeskRow
 * @property {string} id
 * @property {Status} status
 * @property {string=} customer_name
 * @property {string=} waiting_since
 * @property {string=} reason_code
 * @property {string=} summary
 * @property {"high"|"normal"=} priority
 * @property {string=} locale
 * @property {string=} last_message
 * @property {string=} assignee
 * @property {string=} updated_at
 *
 * @typedef {object} DeskNote
 * @property {string} at
 * @property {"requested"|"withdrawn"|"kept"|"taken"|"taken_from_colleague"|"reopened"|"noted"|"returned"|"resolved"|"approval_requested"|"approval_given"|"approval_refused"|"approval_lapsed"|"approval_used"|"approval_withdrawn"|"approval_expired"|"approval_dropped"} act
 * @property {string=} agent
 * @property {string=} from
 * @property {string=} reason_code
 * @property {string=} note
 *
 * @typedef {{title: string, record: Record<string, unknown>}} RecordLine
 * @typedef {{title: string, total?: number, records: RecordLine[]}} RecordList
 *
 * @typedef {object} DeskRecords
 * @property {string} at
 * @property {string} identity_level
 * @property {Record<string, unknown>=} customer
 * @property {RecordList[]} lists
 * @property {Record<string, string>} labels
 *
 * @typedef {object} Approval
 * @property {string} id
 * @property {string} conversation_id
 * @property {string} customer_id
 * @property {string=} customer_name
 * @property {string} action
 * @property {Record<string, unknown>} arguments
 * @property {string} summary
 * @property {number=} amount_minor
 * @property {string=} currency
 * @property {string} said
 * @property {string[]} rules
 * @property {string} digest of exactly what is approved
 * @property {number} approvers how many must approve
 * @property {{name: string, at: string}[]} given
 * @property {boolean} is_yours whether the reader may still answer
 * @property {string} requested_at
 * @property {string} expires_at
 *
 * @typedef {object} HandoverAction
 * @property {string} action
 * @property {Record<string, unknown>=} arguments
 * @property {string} state
 * @property {string=} receipt_id
 *
 * @typedef {object} Handover
 * @property {string=} reason_code
 * @property {"high"|"normal"=} priority
 * @property {string=} summary
 * @property {string=} identity_level
 * @property {({id: string, name: string} & Record<string, unknown>)=} customer
 * @property {Record<string, unknown>=} slots
 * @property {HandoverAction[]=} actions
 * @property {unknown[]=} sources
 * @property {Record<string, unknown>[]=} near
 * @property {string=} language
 * @property {unknown=} sentiment
 * @property {unknown=} proposed_next_step
 * @property {string=} proposal
 * @property {string=} last_words
 * @property {string=} requested_at
 * @property {Record<string, string>=} labels names of fields, as the company writes them
 *
 * @typedef {object} ToldFact
 * @property {string} kind
 * @property {string} value
 * @property {string} label
 * @property {string} purpose
 * @property {boolean} sensitive
 * @property {string} at
 * @property {string} until
 *
 * @typedef {Conversation & {handover?: Handover, assignee?: string, resumable?: string, turns?: Turn[], notes?: DeskNote[], previous?: DeskRow[], told?: ToldFact[]}} DeskConversation
 */

export {};
